package main

import (
	"fmt"
	"strconv"
)

const (
	codeEndTransaction = 37
	commit             = "8"
)

// runTransact keeps -in-flight transactions under way on each connection: a half message, and once it is answered its
// commit. What counts is the answered commit; latency is from the half message on.
func runTransact(options Options) error {
	return measureConnections(options, sendBuffer, func(index int, c *Connection, tally *Tally, window Window) error {
		return keepTransacting(c, newTransactor(options, uint16(index)), options.inFlight, tally, window)
	})
}

func keepTransacting(c *Connection, t *transactor, inFlight int, tally *Tally, window Window) error {
	c.flushesToRead = true
	startedMs := processStart.UnixMilli()
	started := make([]int64, inFlight)
	isCommitting := make([]bool, inFlight)
	prepare := func(slot int, at int64) {
		started[slot] = at
		isCommitting[slot] = false
		c.output = t.appendHalf(c.output, slot, startedMs+at/1e6)
	}
	at := now()
	for slot := range started {
		prepare(slot, at)
	}
	var response Response
	for underWay := inFlight; underWay > 0; {
		if _, err := c.read(&response); err != nil {
			return err
		}
		at = now()
		slot := response.opaque
		if response.code == 0 && !isCommitting[slot] {
			isCommitting[slot] = true
			if response.position < 0 || response.queueOffset < 0 {
				return fmt.Errorf("the answer to a half message does not say where it stands")
			}
			c.output = t.appendCommit(c.output, slot, response.queueOffset, response.position)
			continue
		}
		if measured := window.measures(at); measured && response.code != 0 {
			tally.fail("code %d: %s", response.code, response.remark)
		} else if measured {
			tally.succeed(1, 0, at-started[slot])
		}
		if at >= window.end {
			underWay--
			continue
		}
		prepare(slot, at)
	}
	return nil
}

// transactor writes half messages, as the official Java producer does, and their commits.
type transactor struct {
	sender  *Sender
	halfEnd []byte
	opening []byte
}

func newTransactor(options Options, source uint16) *transactor {
	return &transactor{
		sender:  newSender(options.topicNames(), options.queues, options.size, 1, false, source),
		halfEnd: []byte(`\u0002TRAN_MSG\u0001true\u0002PGROUP\u0001loadgen\u0002WAIT\u0001true\u0002","j":"0","k":"false","m":"false"},"flag":0,"language":"JAVA","opaque":`),
		opening: []byte(`{"code":` + strconv.Itoa(codeEndTransaction) + `,"extFields":{"topic":"` + options.topicNames()[0] +
			`","producerGroup":"loadgen","commitOrRollback":"` + commit + `","fromTransactionCheck":"false","msgId":"","transactionId":"","tranStateTableOffset":"`),
	}
}

func (t *transactor) appendHalf(buffer []byte, opaque int, wallMs int64) []byte {
	s := t.sender
	sequence := s.sequence
	s.sequence++
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, s.opening...)
	buffer = append(buffer, s.topics[0]...)
	buffer = append(buffer, s.settings...)
	buffer = strconv.AppendUint(buffer, sequence%uint64(s.queues), 10)
	buffer = append(buffer, `","f":"4","g":"`...)
	buffer = strconv.AppendInt(buffer, wallMs, 10)
	buffer = append(buffer, `","h":"0","i":"UNIQ_KEY\u0001`...)
	buffer = s.appendUniqueID(buffer, sequence)
	buffer = append(buffer, t.halfEnd...)
	buffer = strconv.AppendInt(buffer, int64(opaque), 10)
	buffer = append(buffer, headerTail...)
	headerLength := len(buffer) - begin - frameStart
	return sealFrame(s.appendBody(buffer, -1), begin, headerLength)
}

func (t *transactor) appendCommit(buffer []byte, opaque int, queueOffset, position int64) []byte {
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, t.opening...)
	buffer = strconv.AppendInt(buffer, queueOffset, 10)
	buffer = append(buffer, `","commitLogOffset":"`...)
	buffer = strconv.AppendInt(buffer, position, 10)
	buffer = append(buffer, `"},"flag":0,"language":"JAVA","opaque":`...)
	buffer = strconv.AppendInt(buffer, int64(opaque), 10)
	buffer = append(buffer, headerTail...)
	return sealFrame(buffer, begin, len(buffer)-begin-frameStart)
}
