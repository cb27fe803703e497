package main

import (
	"encoding/json"
	"fmt"
	"strconv"
)

const (
	codeSendReply = 324
	codePushReply = 326
	flagResponse  = 1
)

// runReply lets each connection be a client that asks and one that answers: it keeps -in-flight replies to itself under
// way, takes what the broker pushes, and counts a reply when the broker says that it was taken.
func runReply(options Options) error {
	return measureConnections(options, sendBuffer, func(index int, c *Connection, tally *Tally, window Window) error {
		return keepReplying(c, index, options, tally, window)
	})
}

func keepReplying(c *Connection, index int, options Options, tally *Tally, window Window) error {
	clientID := fmt.Sprintf("loadgen-%d", index)
	var response Response
	if _, err := c.call(producerHeartbeat(clientID), &response); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	if response.code != 0 {
		return fmt.Errorf("heartbeat: code %d: %s", response.code, response.remark)
	}
	c.flushesToRead = true
	replier := newReplier(options, clientID)
	started := make([]int64, options.inFlight)
	at := now()
	for slot := range started {
		started[slot] = at
		c.output = replier.append(c.output, slot, processStart.UnixMilli()+at/1e6)
	}
	for underWay := options.inFlight; underWay > 0; {
		if _, err := c.readFrame(&response); err != nil {
			return err
		}
		if response.flag&flagResponse == 0 {
			if response.code == codePushReply {
				c.output = appendTaken(c.output, response.opaque)
			}
			continue
		}
		at = now()
		slot := response.opaque
		if measured := window.measures(at); measured && response.code != 0 {
			tally.fail("code %d: %s", response.code, response.remark)
		} else if measured {
			tally.succeed(1, 0, at-started[slot])
		}
		if at >= window.end {
			underWay--
			continue
		}
		started[slot] = at
		c.output = replier.append(c.output, slot, processStart.UnixMilli()+at/1e6)
	}
	return nil
}

func producerHeartbeat(clientID string) []byte {
	body, err := json.Marshal(map[string]any{
		"clientID":        clientID,
		"producerDataSet": []any{map[string]any{"groupName": "loadgen"}},
		"consumerDataSet": []any{},
	})
	if err != nil {
		panic(err) // maps of strings can always be written
	}
	return simpleFrame(codeHeartbeat, 1, map[string]string{}, body)
}

// replier writes replies, as the official Java producer does.
type replier struct {
	opening []byte
	middle  []byte
	body    []byte
	count   uint64
}

func newReplier(options Options, clientID string) *replier {
	r := &replier{
		opening: []byte(`{"code":` + strconv.Itoa(codeSendReply) + `,"extFields":{"producerGroup":"loadgen","topic":"` + options.topicNames()[0] +
			`","defaultTopic":"TBW102","defaultTopicQueueNums":"4","queueId":"0","sysFlag":"0","flag":"0","reconsumeTimes":"0","unitMode":"false","properties":"MSG_TYPE\u0001reply\u0002REPLY_TO_CLIENT\u0001` +
			clientID + `\u0002TTL\u00013000\u0002CORRELATION_ID\u0001`),
		middle: []byte(`\u0002","bornTimestamp":"`),
		body:   make([]byte, options.size),
	}
	for index := range r.body {
		r.body[index] = 'a' + byte(index%26)
	}
	return r
}

func (r *replier) append(buffer []byte, opaque int, wallMs int64) []byte {
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, r.opening...)
	buffer = strconv.AppendUint(buffer, r.count, 10)
	r.count++
	buffer = append(buffer, r.middle...)
	buffer = strconv.AppendInt(buffer, wallMs, 10)
	buffer = append(buffer, `"},"flag":0,"language":"JAVA","opaque":`...)
	buffer = strconv.AppendInt(buffer, int64(opaque), 10)
	buffer = append(buffer, headerTail...)
	headerLength := len(buffer) - begin - frameStart
	return sealFrame(append(buffer, r.body...), begin, headerLength)
}

// appendTaken answers a request of the broker: the client has the reply.
func appendTaken(buffer []byte, opaque int) []byte {
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, `{"code":0,"flag":1,"language":"JAVA","opaque":`...)
	buffer = strconv.AppendInt(buffer, int64(opaque), 10)
	buffer = append(buffer, headerTail...)
	return sealFrame(buffer, begin, len(buffer)-begin-frameStart)
}
