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
	Messages     int64    `json:"messages"`
	Requests     int64    `json:"requests"`
	Bytes        int64    `json:"bytes"`
	Errors       int64    `json:"errors"`
	FirstError   string   `json:"firstError,omitempty"`
	Seconds      float64  `json:"seconds"`
	Latency      Latency  `json:"latency"`
	Servers      []Server `json:"servers"`
	GeneratorCPU float64  `json:"generatorCpuSeconds"`
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

// Tally is what one connection counts; it is touched by one goroutine at a time.
type Tally struct {
	messages   int64
	requests   int64
	bytes      int64
	errors     int64
	firstError string
	latency    *Histogram
}

func newTally() *Tally { return &Tally{latency: newHistogram()} }

func (t *Tally) fail(format string, values ...any) {
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
	report := Report{Seconds: time.Duration(s.ended - s.began).Seconds(), GeneratorCPU: s.own[1] - s.own[0]}
	all := newHistogram()
	for _, tally := range tallies {
		report.Messages += tally.messages
		report.Requests += tally.requests
		report.Bytes += tally.bytes
		report.Errors += tally.errors
		if report.FirstError == "" {
			report.FirstError = tally.firstError
		}
		all.add(tally.latency)
	}
	report.Latency = Latency{subBucketBits, all.sparse(), all.max}
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
