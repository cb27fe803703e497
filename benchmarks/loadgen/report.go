package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// Report is what a load prints when it is done.
type Report struct {
	Counts
	Seconds      float64  `json:"seconds"`
	Servers      []Server `json:"servers"`
	GeneratorCPU float64  `json:"generatorCpuSeconds"`
}

// Counts is the sum of tallies.
type Counts struct {
	Messages   int64   `json:"messages"`
	Requests   int64   `json:"requests"`
	Bytes      int64   `json:"bytes"`
	Restarts   int64   `json:"restarts,omitempty"`
	Errors     int64   `json:"errors"`
	FirstError string  `json:"firstError,omitempty"`
	Latency    Latency `json:"latency"`
}

func sum(tallies []*Tally) Counts {
	var counts Counts
	all := newHistogram()
	for _, tally := range tallies {
		counts.Messages += tally.messages
		counts.Requests += tally.requests
		counts.Bytes += tally.bytes
		counts.Restarts += tally.restarts
		counts.Errors += tally.errors
		if counts.FirstError == "" {
			counts.FirstError = tally.firstError
		}
		all.add(tally.latency)
	}
	counts.Latency = Latency{subBucketBits, all.sparse(), all.max}
	return counts
}

type Latency struct {
	SubBucketBits int      `json:"subBucketBits"`
	Counts        []uint64 `json:"counts"`
	MaxNs         int64    `json:"maxNs"`
}

type Server struct {
	Pid        int     `json:"pid"`
	CPUSeconds float64 `json:"cpuSeconds"`
	Rss        int64   `json:"rssBytes"`
	Anonymous  int64   `json:"anonymousBytes"`
}

// Tally is what one connection counts. A load that reports while it runs takes what was counted so far from another
// goroutine; the others look at it when all is over.
type Tally struct {
	lock       sync.Mutex
	messages   int64
	requests   int64
	bytes      int64
	restarts   int64
	errors     int64
	firstError string
	latency    *Histogram
}

func newTally() *Tally { return &Tally{latency: newHistogram()} }

// succeed counts an answered request with its messages, the bytes of the answer's body, and how long it took.
func (t *Tally) succeed(messages int64, bytes int, latency int64) {
	t.lock.Lock()
	t.requests++
	t.messages += messages
	t.bytes += int64(bytes)
	t.latency.record(latency)
	t.lock.Unlock()
}

// take gives what was counted since the last time, and starts anew.
func (t *Tally) take() *Tally {
	t.lock.Lock()
	defer t.lock.Unlock()
	taken := &Tally{
		messages: t.messages, requests: t.requests, bytes: t.bytes, restarts: t.restarts,
		errors: t.errors, firstError: t.firstError, latency: t.latency,
	}
	t.messages, t.requests, t.bytes, t.restarts = 0, 0, 0, 0
	t.errors, t.firstError, t.latency = 0, "", newHistogram()
	return taken
}

// restart counts that the end of a queue was reached.
func (t *Tally) restart() {
	t.lock.Lock()
	t.restarts++
	t.lock.Unlock()
}

func (t *Tally) fail(format string, values ...any) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.errors++
	if t.firstError == "" {
		t.firstError = fmt.Sprintf(format, values...)
	}
}

// Sampling watches the servers' processes during the measured part of a window.
type Sampling struct {
	pids   []int
	window Window
	before []Usage
	after  []Usage
	own    [2]float64
	began  int64
	ended  int64
	done   sync.WaitGroup
}

// sample reads the servers' usage at both ends of the measured part.
func sample(pids []int, window Window) *Sampling {
	s := &Sampling{pids: pids, window: window}
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		sleepUntil(window.warm)
		s.begin()
		sleepUntil(window.end)
		s.finish()
	}()
	return s
}

func (s *Sampling) begin() {
	s.before = usages(s.pids)
	s.own[0] = usageOf(os.Getpid()).cpuSeconds
	s.began = now()
}

func (s *Sampling) finish() {
	s.after = usages(s.pids)
	s.own[1] = usageOf(os.Getpid()).cpuSeconds
	s.ended = now()
}

func usages(pids []int) []Usage {
	var list []Usage
	for _, pid := range pids {
		list = append(list, usageOf(pid))
	}
	return list
}

// print writes the sum of all tallies with what the servers used meanwhile.
func (s *Sampling) print(tallies []*Tally) {
	s.done.Wait()
	report := Report{Counts: sum(tallies), Seconds: time.Duration(s.ended - s.began).Seconds(), GeneratorCPU: s.own[1] - s.own[0]}
	report.Servers = []Server{}
	for index, pid := range s.pids {
		before, after := s.before[index], s.after[index]
		report.Servers = append(report.Servers, Server{pid, after.cpuSeconds - before.cpuSeconds, after.rss, after.anonymous})
	}
	printJSON(report)
}

func printJSON(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err) // plain values can always be written
	}
	fmt.Println(string(line))
}
