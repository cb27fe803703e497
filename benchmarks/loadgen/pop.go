package main

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

const (
	codePop          = 200050
	codeAck          = 200051
	codePollingFull  = 209
	codeNothingToPop = 210
	popInvisibleMs   = "60000"
)

// runPop keeps -in-flight requests of POP under way on each connection: messages of any queue, at most -max, and once they
// are answered the acknowledgement of each. What counts is the acknowledged message; latency is from the request for it on.
// When a group has had all messages, another one begins with the first.
func runPop(options Options) error {
	return measureConnections(options, pullBuffer, func(index int, c *Connection, tally *Tally, window Window) error {
		return keepPopping(c, options, fmt.Sprintf("loadgen-%d-%d", now(), index), tally, window)
	})
}

// popSlot is one request of POP, and how many acknowledgements of its answer are under way.
type popSlot struct {
	started int64
	group   string
	waiting int
	count   int
	bytes   int
}

func keepPopping(c *Connection, options Options, name string, tally *Tally, window Window) error {
	c.flushesToRead = true
	slots := make([]popSlot, options.inFlight)
	round := 0
	topic := options.topicNames()[0]
	ask := func(slot int, at int64) {
		slots[slot] = popSlot{started: at, group: name + "-" + strconv.Itoa(round)}
		c.output = appendPop(c.output, slot, slots[slot].group, topic, options.max, 0)
	}
	at := now()
	for slot := range slots {
		ask(slot, at)
	}
	var response Response
	for underWay := options.inFlight; underWay > 0; {
		body, err := c.read(&response)
		if err != nil {
			return err
		}
		at = now()
		slot := response.opaque
		mine := &slots[slot]
		measured := window.measures(at)
		if mine.waiting > 0 {
			if response.code != 0 && measured {
				tally.fail("code %d: %s", response.code, response.remark)
			}
			if mine.waiting--; mine.waiting > 0 {
				continue
			}
			if measured {
				tally.succeed(int64(mine.count), mine.bytes, at-mine.started)
			}
		} else if response.code == 0 {
			if c.output, mine.count, err = appendAcks(c.output, slot, mine.group, topic, options.broker, response.header); err != nil {
				return err
			}
			mine.waiting, mine.bytes = mine.count, len(body)
			continue
		} else if response.code == codeNothingToPop || response.code == codePollingFull {
			if mine.group == name+"-"+strconv.Itoa(round) {
				round++
				tally.restart()
			}
		} else if measured {
			tally.fail("code %d: %s", response.code, response.remark)
		}
		if at >= window.end {
			underWay--
			continue
		}
		ask(slot, at)
	}
	return nil
}

// appendPop asks for messages of any queue. With pollMs a request that finds none waits for so long.
func appendPop(buffer []byte, opaque int, group, topic string, max int, pollMs int64) []byte {
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, `{"code":`...)
	buffer = strconv.AppendInt(buffer, codePop, 10)
	buffer = append(append(buffer, `,"extFields":{"consumerGroup":"`...), group...)
	buffer = append(append(buffer, `","topic":"`...), topic...)
	buffer = append(buffer, `","queueId":"-1","maxMsgNums":"`...)
	buffer = strconv.AppendInt(buffer, int64(max), 10)
	buffer = append(buffer, `","invisibleTime":"`+popInvisibleMs+`","pollTime":"`...)
	buffer = strconv.AppendInt(buffer, pollMs, 10)
	buffer = append(buffer, `","bornTime":"`...)
	buffer = strconv.AppendInt(buffer, time.Now().UnixMilli(), 10)
	buffer = append(buffer, `","initMode":"0","order":"false"},"flag":0,"language":"JAVA","opaque":`...)
	buffer = strconv.AppendInt(buffer, int64(opaque), 10)
	buffer = append(buffer, headerTail...)
	return sealFrame(buffer, begin, len(buffer)-begin-frameStart)
}

// appendAcks writes the acknowledgement of each message that the header of an answer tells of, and counts them. A group
// that acknowledges all it is given has nothing in its retry topic.
func appendAcks(buffer []byte, opaque int, group, topic, broker string, header []byte) ([]byte, int, error) {
	popTime, reviveQueue := fieldOf(header, "popTime"), fieldOf(header, "reviveQid")
	starts := bytes.Split(fieldOf(header, "startOffsetInfo"), []byte(";"))
	count := 0
	for _, queue := range bytes.Split(fieldOf(header, "msgOffsetInfo"), []byte(";")) {
		parts := bytes.Split(queue, []byte(" "))
		if len(parts) != 3 || popTime == nil || reviveQueue == nil {
			return buffer, 0, fmt.Errorf("an answer to POP does not say what came: %q", header)
		}
		start := startOf(starts, parts)
		if start == nil {
			return buffer, 0, fmt.Errorf("an answer to POP does not say where queue %s began: %q", parts[1], header)
		}
		for _, offset := range bytes.Split(parts[2], []byte(",")) {
			begin := len(buffer)
			buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
			buffer = append(buffer, `{"code":`...)
			buffer = strconv.AppendInt(buffer, codeAck, 10)
			buffer = append(append(buffer, `,"extFields":{"consumerGroup":"`...), group...)
			buffer = append(append(buffer, `","topic":"`...), topic...)
			buffer = append(append(buffer, `","queueId":"`...), parts[1]...)
			buffer = append(append(buffer, `","offset":"`...), offset...)
			buffer = append(append(buffer, `","extraInfo":"`...), start...)
			buffer = append(append(buffer, ' '), popTime...)
			buffer = append(append(buffer, ` `+popInvisibleMs+` `...), reviveQueue...)
			buffer = append(append(append(buffer, ' '), parts[0]...), ' ')
			buffer = append(append(buffer, broker...), ' ')
			buffer = append(append(append(buffer, parts[1]...), ' '), offset...)
			buffer = append(buffer, `"},"flag":0,"language":"JAVA","opaque":`...)
			buffer = strconv.AppendInt(buffer, int64(opaque), 10)
			buffer = append(buffer, headerTail...)
			buffer = sealFrame(buffer, begin, len(buffer)-begin-frameStart)
			count++
		}
	}
	return buffer, count, nil
}

// waitAndPop is a consumer that waits for messages of its topic by POP, and acknowledges each.
func waitAndPop(c *Connection, index int, options Options, tally *Tally, joined func(), windows chan Window) error {
	topic, _ := options.queueOf(index)
	group := "loadgen-pop-" + strconv.Itoa(index)
	var response Response
	if _, err := c.call(heartbeatFrame(0, fmt.Sprintf("loadgen-%d", index), group), &response); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	ask := func() error {
		c.output = appendPop(c.output, 0, group, topic, options.max, suspendMs)
		return c.flush()
	}
	acknowledge := func(response *Response, _ []byte) (count int, err error) {
		if c.output, count, err = appendAcks(c.output, 0, group, topic, options.broker, response.header); err != nil {
			return 0, err
		}
		return count, c.flush()
	}
	if err := ask(); err != nil {
		return err
	}
	joined()
	return popUntilOver(c, tally, <-windows, options.delayMs*1e6, ask, acknowledge)
}

// popUntilOver takes what comes to a consumer whose request is under way, until the load is over. It asks again once all
// of it is acknowledged. acknowledge sends acknowledgements of an answer, and gives their number.
func popUntilOver(
	c *Connection, tally *Tally, window Window, delayNs int64,
	ask func() error, acknowledge func(response *Response, body []byte) (int, error),
) error {
	// A request that finds nothing more is still held when the load is over.
	c.socket.SetDeadline(wallClock(window.end + 1e9))
	var response Response
	for waiting := 0; ; {
		body, err := c.read(&response)
		if err != nil {
			if isTimeout(err) {
				return nil
			}
			return err
		}
		at := now()
		if waiting > 0 {
			if response.code != 0 {
				tally.fail("acknowledgement: code %d: %s", response.code, response.remark)
			}
			if waiting--; waiting > 0 {
				continue
			}
		} else if response.code == 0 {
			if err := tally.receive(body, at, delayNs, window); err != nil {
				return err
			}
			if waiting, err = acknowledge(&response, body); err != nil {
				return err
			}
			continue
		} else if response.code != codeNothingToPop && response.code != codePollingFull {
			tally.fail("code %d: %s", response.code, response.remark)
		}
		if err := ask(); err != nil {
			return err
		}
	}
}

// startOf finds where the reading of a queue began, among `flag queueId start`.
func startOf(starts [][]byte, queue [][]byte) []byte {
	for _, start := range starts {
		parts := bytes.Split(start, []byte(" "))
		if len(parts) == 3 && bytes.Equal(parts[0], queue[0]) && bytes.Equal(parts[1], queue[1]) {
			return parts[2]
		}
	}
	return nil
}

// fieldOf gives the text of a field in quotes, nil when there is none.
func fieldOf(header []byte, name string) []byte {
	at := bytes.Index(header, []byte(`"`+name+`":"`))
	if at < 0 {
		return nil
	}
	rest := header[at+len(name)+4:]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil
	}
	return rest[:end]
}
