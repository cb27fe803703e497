package main

import "fmt"

const (
	pullBuffer  = 1 << 20
	codeNothing = 19
	codeRetry   = 20
	codeMoved   = 21
)

// runPull reads queues from their start with -in-flight pulls on each connection; at a queue's end it starts again.
func runPull(options Options) error {
	return measureConnections(options, pullBuffer, func(index int, c *Connection, tally *Tally, window Window) error {
		if err := c.join(heartbeatFrame(0, fmt.Sprintf("loadgen-%d", index), "loadgen")); err != nil {
			return err
		}
		return keepPulling(c, index, options, make([]int64, options.inFlight), tally, window)
	})
}

// queueOfPull spreads the pulls of all connections over the queues.
func queueOfPull(index, slot int, options Options) int {
	return (index*options.inFlight + slot) % options.queues
}

// keepPulling reads from the offsets on until the window's end, and leaves there how far it came.
func keepPulling(c *Connection, index int, options Options, offsets []int64, tally *Tally, window Window) error {
	c.flushesToRead = true
	pullers := make([]*Puller, options.inFlight)
	started := make([]int64, options.inFlight)
	for slot := range pullers {
		pullers[slot] = newPuller("loadgen", options.topic, queueOfPull(index, slot, options), options.max, 0, options.sql)
		started[slot] = now()
		c.output = pullers[slot].append(c.output, slot, offsets[slot])
	}
	var response Response
	for underWay := options.inFlight; underWay > 0; {
		body, err := c.read(&response)
		if err != nil {
			return err
		}
		at := now()
		slot := response.opaque
		measured := window.measures(at)
		switch response.code {
		case 0:
			if measured {
				tally.succeed(response.next-offsets[slot], len(body), at-started[slot])
			}
			offsets[slot] = response.next
		case codeNothing, codeRetry, codeMoved:
			if offsets[slot] == 0 {
				return fmt.Errorf("queue %d of %s is empty", queueOfPull(index, slot, options), options.topic)
			}
			tally.restart()
			offsets[slot] = 0
		default:
			if measured {
				tally.fail("code %d: %s", response.code, response.remark)
			}
			offsets[slot] = 0
		}
		if at >= window.end {
			underWay--
			continue
		}
		started[slot] = at
		c.output = pullers[slot].append(c.output, slot, offsets[slot])
	}
	return nil
}
