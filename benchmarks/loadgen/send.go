package main

import (
	"errors"
	"sync/atomic"
)

const sendBuffer = 256 << 10

func runSend(options Options) error {
	switch {
	case options.oneWay && options.rate <= 0:
		return errors.New("-one-way needs a -rate: nothing else would limit it")
	case options.oneWay:
		return sendOneWay(options)
	case options.rate > 0:
		return sendAtRate(options)
	default:
		return sendWindow(options)
	}
}

// sendWindow keeps -in-flight requests under way on each connection: an answer is followed by the next request.
func sendWindow(options Options) error {
	return measureConnections(options, sendBuffer, func(index int, c *Connection, tally *Tally, window Window) error {
		sender := newSender(options.topicNames(), options.queues, options.size, options.batch, false, uint16(index)).optioned(options)
		return keepSending(c, sender, options, false, tally, window)
	})
}

// keepSending sends until the window's end. When stamped, each body begins with when it was sent.
func keepSending(c *Connection, sender *Sender, options Options, stamped bool, tally *Tally, window Window) error {
	c.flushesToRead = true
	startedMs := processStart.UnixMilli()
	started := make([]int64, options.inFlight)
	send := func(slot int, at int64) {
		started[slot] = at
		stamp := int64(-1)
		if stamped {
			stamp = at
		}
		c.output = sender.append(c.output, slot, stamp, startedMs+at/1e6)
	}
	at := now()
	for slot := range started {
		send(slot, at)
	}
	var response Response
	for underWay := options.inFlight; underWay > 0; {
		if _, err := c.read(&response); err != nil {
			return err
		}
		at = now()
		measured := window.measures(at)
		if response.code != 0 {
			if measured {
				tally.fail("code %d: %s", response.code, response.remark)
			}
		} else if measured {
			tally.succeed(int64(options.batch), 0, at-started[response.opaque])
		}
		if at >= window.end {
			underWay--
			continue
		}
		send(response.opaque, at)
	}
	return nil
}

// mostUnderWay bounds the requests of a connection that sends at a rate; past it, requests wait, and their waiting counts.
const mostUnderWay = 8192

// sendAtRate sends when requests are due, whether or not earlier ones were answered; latency counts from when each was due.
func sendAtRate(options Options) error {
	return measureConnections(options, sendBuffer, func(index int, c *Connection, tally *Tally, window Window) error {
		return sendWhenDue(c, index, options, false, tally, window)
	})
}

// sendWhenDue sends the connection's share of the rate until the window's end, and takes the answers.
func sendWhenDue(c *Connection, index int, options Options, stamped bool, tally *Tally, window Window) error {
	c.socket.SetDeadline(window.giveUp())
	free := make(chan int, mostUnderWay)
	for slot := 0; slot < mostUnderWay; slot++ {
		free <- slot
	}
	due := make([]atomic.Int64, mostUnderWay)
	var sent atomic.Int64
	writing := make(chan error, 1)
	go func() {
		sender := newSender(options.topicNames(), options.queues, options.size, options.batch, false, uint16(index)).optioned(options)
		pace := newPace(options, index, window)
		writing <- pace.run(c, func(at int64) error {
			var slot int
			select {
			case slot = <-free:
			default:
				// What is gathered has to leave before answers can free a place.
				if err := c.flush(); err != nil {
					return err
				}
				slot = <-free
			}
			due[slot].Store(at)
			stamp := int64(-1)
			if stamped {
				stamp = at
			}
			c.output = sender.append(c.output, slot, stamp, processStart.UnixMilli()+at/1e6)
			sent.Add(1)
			return nil
		})
	}()
	answered := int64(0)
	var response Response
	// Reading waits for the next answer and is woken by it at once; at the end there may be none to wait for.
	c.socket.SetReadDeadline(wallClock(window.end + 1e6))
	isEnding := false
	for now() < window.end || answered < sent.Load() {
		if _, err := c.read(&response); err != nil {
			if !isTimeout(err) {
				return err
			}
			if !isEnding {
				isEnding = true
				c.socket.SetReadDeadline(window.giveUp())
				continue
			}
			tally.fail("%d requests were not answered within 5 s of the end", sent.Load()-answered)
			tally.errors += sent.Load() - answered - 1
			break
		}
		at := now()
		answered++
		from := due[response.opaque].Load()
		if window.measures(from) {
			if response.code != 0 {
				tally.fail("code %d: %s", response.code, response.remark)
			} else {
				tally.succeed(int64(options.batch), 0, at-from)
			}
		}
		free <- response.opaque
	}
	return <-writing
}

// sendOneWay sends at a rate without answers. What the queues grew by while measuring is what came through.
func sendOneWay(options Options) error {
	tallies := newTallies(options.connections)
	counted := newTally()
	var window Window
	var sampling *Sampling
	counting := make(chan error, 1)
	begin := func() {
		window = options.window()
		sampling = sample(options.pids, window)
		go func() { counting <- countStored(options, window, counted) }()
	}
	err := onConnections(options, options.connections, sendBuffer, begin, func(index int, c *Connection) error {
		c.socket.SetDeadline(window.giveUp())
		sender := newSender(options.topicNames(), options.queues, options.size, options.batch, true, uint16(index)).optioned(options)
		return newPace(options, index, window).run(c, func(at int64) error {
			c.output = sender.append(c.output, 0, -1, processStart.UnixMilli()+at/1e6)
			if window.measures(at) {
				tallies[index].requests++
			}
			return nil
		})
	})
	if err == nil {
		err = <-counting
	}
	if err != nil {
		return err
	}
	sampling.print(append(tallies, counted))
	return nil
}

func countStored(options Options, window Window, tally *Tally) error {
	c, err := dial(options.addresses[0], sendBuffer)
	if err != nil {
		return err
	}
	defer c.close()
	c.socket.SetDeadline(window.giveUp())
	sum := func() (int64, error) {
		total := int64(0)
		for queue := 0; queue < options.queues; queue++ {
			offset, err := c.maxOffset(options.topic, queue)
			if err != nil {
				return 0, err
			}
			total += offset
		}
		return total, nil
	}
	sleepUntil(window.warm)
	before, err := sum()
	if err != nil {
		return err
	}
	sleepUntil(window.end)
	after, err := sum()
	tally.messages = after - before
	return err
}
