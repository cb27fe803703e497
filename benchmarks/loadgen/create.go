package main

import (
	"fmt"
	"strconv"
	"time"
)

// runCreate creates -count topics on one connection, each once the one before is answered. The load is over when all are
// there or the measured time is up.
func runCreate(options Options) error {
	c, err := dial(options.addresses[0], sendBuffer)
	if err != nil {
		return err
	}
	defer c.close()
	window := newWindow(0, options.measureMs)
	sampling := &Sampling{pids: options.pids, window: window}
	tally := newTally()
	c.socket.SetDeadline(window.giveUp())
	sampling.begin()
	for index := int64(0); index < options.count && now() < window.end; index++ {
		var response Response
		at := now()
		if _, err := c.call(createFrame(options.topic+strconv.FormatInt(index, 10), options.queues), &response); err != nil {
			return err
		}
		if response.code != 0 {
			return fmt.Errorf("topic %d: code %d: %s", index, response.code, response.remark)
		}
		tally.requests++
		tally.messages++
		tally.latency.record(now() - at)
	}
	sampling.finish()
	sampling.print([]*Tally{tally})
	return nil
}

func createFrame(topic string, queues int) []byte {
	count := strconv.Itoa(queues)
	return simpleFrame(codeCreateTopic, 0, map[string]string{
		"topic": topic, "defaultTopic": "TBW102", "readQueueNums": count, "writeQueueNums": count, "perm": permissions,
		"topicFilterType": "SINGLE_TAG", "topicSysFlag": "0", "order": "false",
	}, nil)
}

// runFill sends -count messages in batches of -batch, and again what is refused.
func runFill(options Options) error {
	share := options.count/int64(options.connections*options.batch) + 1
	tallies := newTallies(options.connections)
	sampling := &Sampling{pids: options.pids}
	err := onConnections(options, options.connections, sendBuffer, sampling.begin, func(index int, c *Connection) error {
		c.socket.SetDeadline(time.Now().Add(time.Duration(options.measureMs) * time.Millisecond))
		sender := newSender(options.topicNames(), options.queues, options.size, options.batch, false, uint16(index))
		sender.lite = options.lite
		sender.inTurn = options.inTurn
		return fillShare(c, sender, options, share, tallies[index])
	})
	if err != nil {
		return err
	}
	sampling.finish()
	sampling.print(tallies)
	return nil
}

func fillShare(c *Connection, sender *Sender, options Options, share int64, tally *Tally) error {
	c.flushesToRead = true
	var response Response
	started := make([]int64, options.inFlight)
	send := func(slot int) {
		started[slot] = now()
		c.output = sender.append(c.output, slot, -1, time.Now().UnixMilli())
	}
	requested := int64(0)
	for ; requested < int64(options.inFlight) && requested < share; requested++ {
		send(int(requested))
	}
	for answered := int64(0); answered < share; answered++ {
		if _, err := c.read(&response); err != nil {
			return err
		}
		if response.code != 0 {
			// A busy broker refuses; the filling goes on, a little later.
			tally.fail("code %d: %s", response.code, response.remark)
			if tally.errors > share/2+100 {
				return fmt.Errorf("%d of %d batches were refused, first: %s", tally.errors, share, tally.firstError)
			}
			time.Sleep(5 * time.Millisecond)
			answered--
			send(response.opaque)
			continue
		}
		tally.requests++
		tally.messages += int64(options.batch)
		tally.latency.record(now() - started[response.opaque])
		if requested < share {
			send(response.opaque)
			requested++
		}
	}
	return nil
}
