package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// tailMax is more than arrives between two pulls at full rate, so that consumers at the tail stay there.
	tailMax = 1024
	// farConnections read queues of the far topic, each from a place of its own: from the start, a quarter, a half, ...
	farConnections = 4
	farInFlight    = 4
	// A broker forgets clients that it has not heard of for two minutes.
	heartbeatEvery  = 30 * time.Second
	heartbeatOpaque = 1 << 20
	longestPhaseMs  = 60_000
)

// Sample is what happened between two reports.
type Sample struct {
	// From is seconds since the load began.
	From float64 `json:"fromSeconds"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// FarBehind tells whether consumers that are far behind were reading.
	FarBehind    bool     `json:"farBehind"`
	Sends        Counts   `json:"sends"`
	Tail         Counts   `json:"tail"`
	Far          Counts   `json:"far"`
	Servers      []Server `json:"servers"`
	GeneratorCPU float64  `json:"generatorCpuSeconds"`
}

// Phases of equal length: in every other one, beginning with the second, consumers that are far behind read.
type Phases struct {
	window Window
	length int64
}

func (p Phases) hasFar(at int64) bool { return (at-p.window.start)/p.length%2 == 1 }

// nextFar is the part of the phase with such consumers that is still to come, or the next such phase.
func (p Phases) nextFar(at int64) Window {
	number := (at - p.window.start) / p.length
	if number%2 == 0 {
		number++
	}
	from := p.window.start + number*p.length
	return Window{start: from, warm: from, end: from + p.length}
}

// runSteady sends, at full rate or at -rate, with -consumers at the tail, one to a queue, and with others that are far
// behind in every other phase. It prints a line of JSON after each -sample.
func runSteady(options Options) error {
	if options.sampleMs < 100 || options.phaseMs%options.sampleMs != 0 || options.phaseMs > longestPhaseMs {
		return fmt.Errorf("-sample must be 100 or more and divide -phase, which must not be above %d", longestPhaseMs)
	}
	if options.consumers != options.queues {
		return errors.New("steady needs as many -consumers as -queues, so that each message is read once")
	}
	cold, err := coldFiles(options.folder)
	if err != nil {
		return err
	}
	sent, tail, far := newTallies(options.connections), newTallies(options.consumers), newTallies(farConnections)
	window := newWindow(0, options.measureMs)
	phases := Phases{window, options.phaseMs * 1e6}
	parts := []func() error{
		func() error {
			return onConnections(options, options.connections, sendBuffer, func() {}, func(index int, c *Connection) error {
				if options.rate > 0 {
					return sendWhenDue(c, index, options, true, sent[index], window)
				}
				c.socket.SetDeadline(window.giveUp())
				sender := newSender(options.topicNames(), options.queues, options.size, options.batch, false, uint16(index))
				return keepSending(c, sender, options, true, sent[index], window)
			})
		},
		func() error {
			return onConnections(options, options.consumers, pullBuffer, func() {}, func(index int, c *Connection) error {
				return followTail(c, index, options, tail[index], window)
			})
		},
		func() error {
			return onConnections(options, farConnections, pullBuffer, func() {}, func(index int, c *Connection) error {
				forget := func() error { return nil }
				if index == 0 {
					forget = func() error { return dropFiles(cold) }
				}
				return readFarBehind(c, index, options, far[index], phases, forget)
			})
		},
		func() error {
			reportSamples(options, phases, sent, tail, far)
			return nil
		},
	}
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func(part func() error) { ended <- part() }(part)
	}
	for range parts {
		if err := <-ended; err != nil {
			return err
		}
	}
	return nil
}

func reportSamples(options Options, phases Phases, sent, tail, far []*Tally) {
	interval := options.sampleMs * 1e6
	before, ownBefore, began := usages(options.pids), usageOf(os.Getpid()).cpuSeconds, now()
	takeAll := func(tallies []*Tally) Counts {
		taken := make([]*Tally, len(tallies))
		for index, tally := range tallies {
			taken[index] = tally.take()
		}
		return sum(taken)
	}
	for from := phases.window.start; from+interval <= phases.window.end; from += interval {
		sleepUntil(from + interval)
		sample := Sample{
			From: float64(from-phases.window.start) / 1e9, FarBehind: phases.hasFar(from),
			Sends: takeAll(sent), Tail: takeAll(tail), Far: takeAll(far), Servers: []Server{},
		}
		after, own, at := usages(options.pids), usageOf(os.Getpid()).cpuSeconds, now()
		for index, pid := range options.pids {
			used := after[index].cpuSeconds - before[index].cpuSeconds
			sample.Servers = append(sample.Servers, Server{pid, used, after[index].rss, after[index].anonymous})
		}
		sample.GeneratorCPU, sample.Seconds = own-ownBefore, float64(at-began)/1e9
		before, ownBefore, began = after, own, at
		printJSON(sample)
	}
}

// followTail waits at the end of a queue for what is sent; latency counts from when each message was sent, or was due.
func followTail(c *Connection, queue int, options Options, tally *Tally, window Window) error {
	c.socket.SetDeadline(wallClock(window.end + 1e9))
	group := "loadgen-tail"
	heartbeat := heartbeatFrame(heartbeatOpaque, fmt.Sprintf("loadgen-tail-%d", queue), group)
	if err := c.join(heartbeat); err != nil {
		return err
	}
	offset, err := c.maxOffset(options.topic, queue)
	if err != nil {
		return err
	}
	puller := newPuller(group, options.topic, queue, tailMax, suspendMs, "")
	beatAt := now()
	c.output = puller.append(c.output, 0, offset)
	c.flushesToRead = true
	var response Response
	for {
		body, err := c.read(&response)
		if err != nil {
			if isTimeout(err) && now() >= window.end {
				return nil
			}
			return err
		}
		if response.opaque == heartbeatOpaque {
			if response.code != 0 {
				return fmt.Errorf("heartbeat: code %d: %s", response.code, response.remark)
			}
			continue
		}
		at := now()
		switch response.code {
		case 0:
			tally.lock.Lock()
			err = eachStamp(body, func(sentAt int64) {
				tally.messages++
				tally.latency.record(at - sentAt)
			})
			tally.requests++
			tally.bytes += int64(len(body))
			tally.lock.Unlock()
			if err != nil {
				return err
			}
		case codeNothing, codeRetry, codeMoved:
		default:
			tally.fail("code %d: %s", response.code, response.remark)
		}
		if response.next >= 0 {
			offset = response.next
		}
		if at-beatAt > int64(heartbeatEvery) {
			beatAt = at
			c.output = append(c.output, heartbeat...)
		}
		c.output = puller.append(c.output, 0, offset)
	}
}

// readFarBehind reads the far topic in its phases and goes on in the next one where it was. Before each phase the system
// forgets what it has cached of the files.
func readFarBehind(c *Connection, index int, options Options, tally *Tally, phases Phases, forget func() error) error {
	c.socket.SetDeadline(phases.window.giveUp())
	heartbeat := heartbeatFrame(heartbeatOpaque, fmt.Sprintf("loadgen-far-%d", index), "loadgen")
	options.topic, options.inFlight = options.farTopic, farInFlight
	offsets := make([]int64, options.inFlight)
	for slot := range offsets {
		end, err := c.maxOffset(options.topic, queueOfPull(index, slot, options))
		if err != nil {
			return err
		}
		offsets[slot] = end * int64(index) / farConnections
	}
	for {
		phase := phases.nextFar(now())
		if phase.start >= phases.window.end {
			return nil
		}
		phase.end = min(phase.end, phases.window.end)
		// Nothing is under way between two phases.
		if err := c.join(heartbeat); err != nil {
			return err
		}
		sleepUntil(phase.start)
		if err := forget(); err != nil {
			return err
		}
		if err := c.join(heartbeat); err != nil {
			return err
		}
		if err := keepPulling(c, index, options, offsets, tally, phase); err != nil {
			return err
		}
	}
}

// join tells the broker of a consumer; nothing else may be under way.
func (c *Connection) join(heartbeat []byte) error {
	var response Response
	if _, err := c.call(heartbeat, &response); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	if response.code != 0 {
		return fmt.Errorf("heartbeat: code %d: %s", response.code, response.remark)
	}
	return nil
}

// coldFiles are the files of the log but the last, which is written to. None without a folder.
func coldFiles(folder string) ([]string, error) {
	if folder == "" {
		return nil, nil
	}
	files, err := filepath.Glob(filepath.Join(folder, "commitlog", "*"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no files of a log below %s", folder)
	}
	if err != nil {
		return nil, err
	}
	return files[:len(files)-1], nil
}
