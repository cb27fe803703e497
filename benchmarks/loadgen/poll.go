package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"time"
)

const (
	// suspendMs is how long the official push consumer lets a broker hold a pull.
	suspendMs = 15_000
	// groupSize is how many consumers share a group.
	groupSize  = 8
	pollBuffer = 16 << 10
	// joinDeadline is for all consumers to connect, say who they are, and start to wait.
	joinDeadline = 25 * time.Second
	// Where the body's length and the body stand in a record with IPv4 hosts.
	recordBodyLength = 84
	recordBody       = 88
	// precisionMs is how late a broker may deliver what is due at a time.
	precisionMs = 1000
)

// runPoll lets consumers wait, each at the end of its own queue, and sends -rate messages a second to the queues in turn.
// Latency counts from when a message was due, to be sent or to be delivered, until a consumer has it.
func runPoll(options Options) error {
	if options.rate <= 0 {
		return fmt.Errorf("poll needs a -rate")
	}
	if options.delayMs > 0 {
		// Until the first ones are due, nothing of what is measured happens.
		options.warmMs += options.delayMs + precisionMs
	}
	received := newTallies(options.consumers)
	sent := newTallies(options.connections)
	consumers := options
	consumers.connections = options.consumers
	windows := make(chan Window, options.consumers)
	waiting := sync.WaitGroup{}
	waiting.Add(options.consumers)
	opened := make(chan struct{})
	polling := make(chan error, 1)
	go func() {
		polling <- onConnections(consumers, options.consumers, pollBuffer, func() { close(opened) }, func(index int, c *Connection) error {
			return waitForMessages(c, index, options, received[index], &waiting, windows)
		})
	}()
	select {
	case <-opened:
	case err := <-polling:
		return err
	}
	waiting.Wait()
	var window Window
	var sampling *Sampling
	begin := func() {
		window = options.window()
		sampling = sample(options.pids, window)
		for range received {
			windows <- window
		}
	}
	err := onConnections(options, options.connections, sendBuffer, begin, func(index int, c *Connection) error {
		return sendWhenDue(c, index, options, true, sent[index], window)
	})
	if err != nil {
		return err
	}
	if err := <-polling; err != nil {
		return err
	}
	for _, tally := range sent {
		if tally.errors > 0 {
			received[0].fail("sending: %s", tally.firstError)
			received[0].errors += tally.errors - 1
		}
	}
	sampling.print(received)
	return nil
}

// queueOf gives each consumer a queue: consumer i reads where a sender's message number i goes: queue i / topics % queues
// of topic i % topics. With as many topics as consumers each has a topic of its own.
func (o Options) queueOf(consumer int) (string, int) {
	if o.topics == 1 {
		return o.topic, consumer % o.queues
	}
	return o.topic + strconv.Itoa(consumer%o.topics), consumer / o.topics % o.queues
}

func waitForMessages(c *Connection, index int, options Options, tally *Tally, waiting *sync.WaitGroup, windows chan Window) error {
	// Told in any case, so that a failed consumer does not keep the others waiting for it.
	joined := sync.OnceFunc(waiting.Done)
	defer joined()
	c.socket.SetDeadline(time.Now().Add(joinDeadline))
	if options.lite > 0 {
		c.socket.SetDeadline(time.Now().Add(liteJoinDeadline))
		return waitForLite(c, index, options, tally, joined, windows)
	}
	if options.popping {
		return waitAndPop(c, index, options, tally, joined, windows)
	}
	topic, queue := options.queueOf(index)
	group := "loadgen-" + strconv.Itoa(index/groupSize)
	var response Response
	if _, err := c.call(heartbeatFrame(0, fmt.Sprintf("loadgen-%d", index), group), &response); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	offset, err := c.maxOffset(topic, queue)
	if err != nil {
		return err
	}
	puller := newPuller(group, topic, queue, options.max, suspendMs, options.sql)
	c.output = puller.append(c.output, 0, offset)
	if err := c.flush(); err != nil {
		return err
	}
	joined()
	window := <-windows
	// A pull that finds nothing more is still held when the load is over.
	c.socket.SetDeadline(wallClock(window.end + 1e9))
	for {
		body, err := c.read(&response)
		if err != nil {
			if isTimeout(err) {
				return nil
			}
			return err
		}
		at := now()
		switch response.code {
		case 0:
			if err := tally.receive(body, at, options.delayMs*1e6, window); err != nil {
				return err
			}
		case codeNothing, codeRetry, codeMoved:
		default:
			tally.fail("code %d: %s", response.code, response.remark)
		}
		if response.next >= 0 {
			offset = response.next
		}
		c.output = puller.append(c.output, 0, offset)
		if err := c.flush(); err != nil {
			return err
		}
	}
}

// receive counts the messages of an answer that were due in the window: so many nanoseconds after the time in their bodies.
func (t *Tally) receive(body []byte, at, delay int64, window Window) error {
	t.requests++
	return eachStamp(body, func(sendDue int64) {
		due := sendDue + delay
		if window.measures(due) {
			t.messages++
			t.latency.record(at - due)
		}
	})
}

// eachStamp calls for each record of a pull with the time that its sender put into the body.
func eachStamp(body []byte, each func(stamp int64)) error {
	for len(body) > recordBody+8 {
		size := int(binary.BigEndian.Uint32(body))
		if size <= recordBody+8 || size > len(body) || binary.BigEndian.Uint32(body[recordBodyLength:]) < 8 {
			return fmt.Errorf("a record of %d bytes in a body of %d", size, len(body))
		}
		each(int64(binary.BigEndian.Uint64(body[recordBody:])))
		body = body[size:]
	}
	return nil
}
