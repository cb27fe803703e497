// Command scenarios drives the official Go client against a cluster.
//
// It reads a request a line from standard input, runs all of them at once, and writes a line for each outcome. A scenario
// that needs something done to the servers writes a checkpoint line and waits for the line that continues it:
//
//	-> {"id":"1","scenario":"send-sync","nameServers":["127.0.0.1:9876"],"brokers":["127.0.0.1:10911"],"suffix":"a1","timeoutMs":30000}
//	<- {"id":"1","checkpoint":"kill-broker"}
//	-> {"id":"1","continue":"kill-broker"}
//	<- {"id":"1","scenario":"send-sync","ok":true,"detail":"12 messages"}
//
// It ends when standard input is closed and all scenarios are done.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

// request is a line of standard input: a scenario to run, or the go-ahead for one that waits at a checkpoint.
type request struct {
	ID          string   `json:"id"`
	Scenario    string   `json:"scenario"`
	Continue    string   `json:"continue"`
	NameServers []string `json:"nameServers"`
	// Brokers are the masters' addresses.
	Brokers []string `json:"brokers"`
	// Suffix is part of every topic and group name, so that runs on one cluster do not meet.
	Suffix    string `json:"suffix"`
	TimeoutMs int    `json:"timeoutMs"`
}

// outcome is a line of standard output: the result of a scenario, or the checkpoint that it waits at.
type outcome struct {
	ID         string `json:"id"`
	Scenario   string `json:"scenario,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"`
	OK         bool   `json:"ok"`
	Detail     string `json:"detail,omitempty"`
}

type server struct {
	output sync.Mutex
	lock   sync.Mutex
	// waiting holds, by scenario id, the channel that a checkpoint is continued through.
	waiting map[string]chan string
}

func main() {
	rlog.SetLogLevel("error")
	s := &server{waiting: map[string]chan string{}}
	var running sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			fmt.Fprintf(os.Stderr, "not a request: %s: %v\n", lines.Text(), err)
			os.Exit(2)
		}
		if r.Continue != "" {
			s.resume(r)
			continue
		}
		resumed := s.register(r.ID)
		running.Add(1)
		go func() {
			defer running.Done()
			s.run(r, resumed)
		}()
	}
	running.Wait()
}

func (s *server) register(id string) chan string {
	resumed := make(chan string, 1)
	s.lock.Lock()
	defer s.lock.Unlock()
	s.waiting[id] = resumed
	return resumed
}

func (s *server) resume(r request) {
	s.lock.Lock()
	resumed := s.waiting[r.ID]
	s.lock.Unlock()
	if resumed != nil {
		resumed <- r.Continue
	}
}

func (s *server) write(o outcome) {
	line, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	s.output.Lock()
	defer s.output.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

// run runs one scenario and reports it. The report does not wait for calls of the client library that hang.
func (s *server) run(r request, resumed chan string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.TimeoutMs)*time.Millisecond)
	defer cancel()
	run := &Run{ctx: ctx, request: r}
	run.checkpoint = func(name string) error {
		s.write(outcome{ID: r.ID, Checkpoint: name})
		select {
		case got := <-resumed:
			if got != name {
				return fmt.Errorf("waited at checkpoint %s, was continued at %s", name, got)
			}
			return nil
		case <-ctx.Done():
			return fmt.Errorf("checkpoint %s was not continued: %w", name, ctx.Err())
		}
	}
	type result struct {
		detail string
		err    error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if problem := recover(); problem != nil {
				done <- result{err: fmt.Errorf("panic: %v\n%s", problem, debug.Stack())}
			}
		}()
		defer run.closeAll()
		scenario, known := scenarios[r.Scenario]
		if !known {
			done <- result{err: fmt.Errorf("no scenario named %s", r.Scenario)}
			return
		}
		detail, err := scenario(run)
		done <- result{detail, err}
	}()
	report := outcome{ID: r.ID, Scenario: r.Scenario}
	select {
	case finished := <-done:
		report.OK = finished.err == nil
		report.Detail = finished.detail
		if finished.err != nil {
			report.Detail = finished.err.Error()
		}
	case <-time.After(time.Duration(r.TimeoutMs)*time.Millisecond + 5*time.Second):
		report.Detail = "not done in time; goroutines are stuck in the client"
	}
	s.write(report)
}
