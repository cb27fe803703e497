package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

const (
	codePopLite       = 200070
	codeSubscribeLite = 200071
	liteGroup         = "loadgen-lite"
	liteTopicPrefix   = "room-"
	// liteJoinDeadline is for subscriptions to very many, and for what is in them to be taken.
	liteJoinDeadline = 100 * time.Second
	// How many lite topics a client names in a request; a client of the official proxy names them one by one.
	liteTopicsAtOnce = 500
)

// liteTopicsOf are the numbers of the lite topics that a consumer has: every so-manieth of all.
func (o Options) liteTopicsOf(consumer int) []int {
	numbers := make([]int, 0, o.lite/o.consumers+1)
	for number := consumer; number < o.lite; number += o.consumers {
		numbers = append(numbers, number)
	}
	return numbers
}

// waitForLite is a consumer that subscribes to its share of the lite topics, takes what is in them, and waits then for more.
// It acknowledges each message.
func waitForLite(c *Connection, index int, options Options, tally *Tally, joined func(), windows chan Window) error {
	client := fmt.Sprintf("loadgen-%d-%d", now(), index)
	if err := subscribeLite(c, client, options.topic, options.liteTopicsOf(index)); err != nil {
		return err
	}
	var response Response
	ask := func(pollMs int64) error {
		c.output = appendPopLite(c.output, client, options.topic, options.max, pollMs)
		return c.flush()
	}
	acknowledge := func(response *Response, body []byte) (count int, err error) {
		if c.output, count, err = appendLiteAcks(c.output, options.topic, options.broker, response.header, body); err != nil {
			return 0, err
		}
		return count, c.flush()
	}
	for isEmpty := false; !isEmpty; {
		if err := ask(0); err != nil {
			return err
		}
		body, err := c.read(&response)
		if err != nil {
			return err
		}
		switch response.code {
		case 0:
			waiting, err := acknowledge(&response, body)
			if err != nil {
				return err
			}
			for ; waiting > 0; waiting-- {
				if _, err := c.read(&response); err != nil {
					return err
				}
				if response.code != 0 {
					return fmt.Errorf("acknowledgement: code %d: %s", response.code, response.remark)
				}
			}
		case codeNothingToPop:
			isEmpty = true
		default:
			return fmt.Errorf("code %d: %s", response.code, response.remark)
		}
	}
	if err := ask(suspendMs); err != nil {
		return err
	}
	joined()
	askAndWait := func() error { return ask(suspendMs) }
	return popUntilOver(c, tally, <-windows, 0, askAndWait, acknowledge)
}

func subscribeLite(c *Connection, client, topic string, numbers []int) error {
	for from := 0; from < len(numbers); from += liteTopicsAtOnce {
		names := make([]string, 0, liteTopicsAtOnce)
		for _, number := range numbers[from:min(from+liteTopicsAtOnce, len(numbers))] {
			names = append(names, liteTopicPrefix+strconv.Itoa(number))
		}
		body, err := json.Marshal(map[string]any{"subscriptionSet": []any{map[string]any{
			"action": "PARTIAL_ADD", "clientId": client, "group": liteGroup, "topic": topic, "liteTopicSet": names,
			"version": 1,
		}}})
		if err != nil {
			return err
		}
		var response Response
		if _, err := c.call(simpleFrame(codeSubscribeLite, 0, map[string]string{}, body), &response); err != nil {
			return fmt.Errorf("subscription: %w", err)
		}
		if response.code != 0 {
			return fmt.Errorf("subscription: code %d: %s", response.code, response.remark)
		}
	}
	return nil
}

func appendPopLite(buffer []byte, client, topic string, max int, pollMs int64) []byte {
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, `{"code":`...)
	buffer = strconv.AppendInt(buffer, codePopLite, 10)
	buffer = append(append(buffer, `,"extFields":{"clientId":"`...), client...)
	buffer = append(append(buffer, `","consumerGroup":"`+liteGroup+`","topic":"`...), topic...)
	buffer = append(buffer, `","maxMsgNum":"`...)
	buffer = strconv.AppendInt(buffer, int64(max), 10)
	buffer = append(buffer, `","invisibleTime":"`+popInvisibleMs+`","pollTime":"`...)
	buffer = strconv.AppendInt(buffer, pollMs, 10)
	buffer = append(buffer, `","bornTime":"`...)
	buffer = strconv.AppendInt(buffer, time.Now().UnixMilli(), 10)
	buffer = append(buffer, `"},"flag":0,"language":"JAVA","opaque":0`...)
	buffer = append(buffer, headerTail...)
	return sealFrame(buffer, begin, len(buffer)-begin-frameStart)
}

// appendLiteAcks writes the acknowledgement of each message of an answer, and counts them.
func appendLiteAcks(buffer []byte, topic, broker string, header, body []byte) ([]byte, int, error) {
	popTime, reviveQueue := fieldOf(header, "popTime"), fieldOf(header, "reviveQid")
	if popTime == nil || reviveQueue == nil {
		return buffer, 0, fmt.Errorf("an answer to POP does not say when: %q", header)
	}
	count := 0
	for len(body) > 0 {
		size := int(binary.BigEndian.Uint32(body))
		if size <= recordBody || size > len(body) {
			return buffer, 0, fmt.Errorf("a record of %d bytes in a body of %d", size, len(body))
		}
		properties := propertiesOf(body[:size])
		name, offset := propertyOf(properties, "__LITE_TOPIC"), propertyOf(properties, "INNER_MULTI_QUEUE_OFFSET")
		if name == nil || offset == nil {
			return buffer, 0, fmt.Errorf("a message does not say where it stands in its lite topic: %q", properties)
		}
		begin := len(buffer)
		buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
		buffer = append(buffer, `{"code":`...)
		buffer = strconv.AppendInt(buffer, codeAck, 10)
		buffer = append(append(buffer, `,"extFields":{"consumerGroup":"`+liteGroup+`","topic":"`...), topic...)
		buffer = append(append(buffer, `","liteTopic":"`...), name...)
		buffer = append(append(buffer, `","queueId":"0","offset":"`...), offset...)
		buffer = append(append(buffer, `","extraInfo":"`...), offset...)
		buffer = append(append(buffer, ' '), popTime...)
		buffer = append(append(buffer, ` `+popInvisibleMs+` `...), reviveQueue...)
		buffer = append(append(buffer, ` 0 `...), broker...)
		buffer = append(append(buffer, ` 0 `...), offset...)
		buffer = append(buffer, `"},"flag":0,"language":"JAVA","opaque":0`...)
		buffer = append(buffer, headerTail...)
		buffer = sealFrame(buffer, begin, len(buffer)-begin-frameStart)
		count++
		body = body[size:]
	}
	return buffer, count, nil
}

// propertiesOf finds the properties of a record with IPv4 hosts and a topic of at most 127 bytes.
func propertiesOf(record []byte) []byte {
	at := recordBody + int(binary.BigEndian.Uint32(record[recordBodyLength:]))
	if at >= len(record) {
		return nil
	}
	at += 1 + int(record[at])
	if at+2 > len(record) {
		return nil
	}
	end := at + 2 + int(binary.BigEndian.Uint16(record[at:]))
	if end > len(record) {
		return nil
	}
	return record[at+2 : end]
}

// propertyOf gives the value of a property, nil when there is none.
func propertyOf(properties []byte, name string) []byte {
	for len(properties) > 0 {
		pair, rest, _ := bytes.Cut(properties, []byte{2})
		key, value, found := bytes.Cut(pair, []byte{1})
		if found && string(key) == name {
			return value
		}
		properties = rest
	}
	return nil
}
