package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// sendAll sends in turn to the queues and returns each message's result.
func (r *Run) sendAll(p rocketmq.Producer, topic string, queues []*primitive.MessageQueue, contents []content) ([]*primitive.SendResult, error) {
	var results []*primitive.SendResult
	for index, c := range contents {
		result, err := r.sendOne(p, c.message(topic, queues[index%len(queues)]))
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// sendOne sends a message; anything but its being stored is an error.
func (r *Run) sendOne(p rocketmq.Producer, m *primitive.Message) (*primitive.SendResult, error) {
	result, err := p.SendSync(r.ctx, m)
	if err != nil {
		return nil, fmt.Errorf("sending %s: %w", m.GetKeys(), err)
	}
	if result.Status != primitive.SendOK {
		return nil, fmt.Errorf("sending %s: status %d", m.GetKeys(), result.Status)
	}
	return result, nil
}

// verifyPlace compares where the broker said that it stored a message with where the message was read.
func verifyPlace(result *primitive.SendResult, m *primitive.MessageExt) error {
	if result.MsgID != m.MsgId || m.MsgId == "" {
		return fmt.Errorf("%s: id %q, sent as %q", m.GetKeys(), m.MsgId, result.MsgID)
	}
	if result.OffsetMsgID != m.OffsetMsgId {
		return fmt.Errorf("%s: offset id %q, sent as %q", m.GetKeys(), m.OffsetMsgId, result.OffsetMsgID)
	}
	decoded, err := primitive.UnmarshalMsgID([]byte(result.OffsetMsgID))
	if err != nil {
		return err
	}
	if decoded.Offset != m.CommitLogOffset || fmt.Sprintf("%s:%d", decoded.Addr, decoded.Port) != m.StoreHost {
		return fmt.Errorf("%s: offset id says %v, stored at %s %d", m.GetKeys(), decoded, m.StoreHost, m.CommitLogOffset)
	}
	if result.QueueOffset != m.QueueOffset || result.MessageQueue.QueueId != m.Queue.QueueId || result.MessageQueue.BrokerName != m.Queue.BrokerName {
		return fmt.Errorf("%s: %v offset %d, sent to %v offset %d", m.GetKeys(), m.Queue, m.QueueOffset, result.MessageQueue, result.QueueOffset)
	}
	return nil
}

func sendSync(r *Run) (string, error) {
	topic, queues, err := r.topic(4)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 24)
	results, err := r.sendAll(p, topic, queues, contents)
	if err != nil {
		return "", err
	}
	byKey := map[string]*primitive.SendResult{}
	for index, result := range results {
		byKey[contents[index].key] = result
		if *result.MessageQueue != *queues[index%len(queues)] {
			return "", fmt.Errorf("%s was sent to %v instead of %v", contents[index].key, result.MessageQueue, queues[index%len(queues)])
		}
		if want := int64(index / len(queues)); result.QueueOffset != want {
			return "", fmt.Errorf("%s has queue offset %d instead of %d", contents[index].key, result.QueueOffset, want)
		}
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	got, err := r.receive(contents, box)
	if err != nil {
		return "", err
	}
	for _, m := range got {
		if err := verifyPlace(byKey[m.GetKeys()], m); err != nil {
			return "", err
		}
		if m.StoreHost != r.request.Brokers[0] || !strings.HasPrefix(m.BornHost, "127.0.0.1:") {
			return "", fmt.Errorf("%s: born at %s, stored at %s", m.GetKeys(), m.BornHost, m.StoreHost)
		}
		if m.BornTimestamp <= 0 || m.StoreTimestamp < m.BornTimestamp || m.ReconsumeTimes != 0 {
			return "", fmt.Errorf("%s: born %d, stored %d, consumed again %d times", m.GetKeys(), m.BornTimestamp, m.StoreTimestamp, m.ReconsumeTimes)
		}
	}
	return fmt.Sprintf("%d messages in %d queues", len(got), len(queues)), nil
}

func sendAsync(r *Run) (string, error) {
	topic, queues, err := r.topic(4)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 40)
	var lock sync.Mutex
	byKey := map[string]*primitive.SendResult{}
	failures := map[string]error{}
	var pending sync.WaitGroup
	for index, c := range contents {
		pending.Add(1)
		err := p.SendAsync(r.ctx, func(_ context.Context, result *primitive.SendResult, err error) {
			defer pending.Done()
			lock.Lock()
			defer lock.Unlock()
			if err != nil {
				failures[c.key] = err
			} else {
				byKey[c.key] = result
			}
		}, c.message(topic, queues[index%len(queues)]))
		if err != nil {
			return "", fmt.Errorf("sending %s: %w", c.key, err)
		}
	}
	pending.Wait()
	if len(failures) > 0 || len(byKey) != len(contents) {
		return "", fmt.Errorf("%d of %d acknowledged; %v", len(byKey), len(contents), failures)
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	got, err := r.receive(contents, box)
	if err != nil {
		return "", err
	}
	for _, m := range got {
		if err := verifyPlace(byKey[m.GetKeys()], m); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d messages", len(got)), nil
}

func sendOneWay(r *Run) (string, error) {
	topic, queues, err := r.topic(4)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 20)
	for index, c := range contents {
		if err := p.SendOneWay(r.ctx, c.message(topic, queues[index%len(queues)])); err != nil {
			return "", fmt.Errorf("sending %s: %w", c.key, err)
		}
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	got, err := r.receive(contents, box)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d messages", len(got)), nil
}

func sendBatch(r *Run) (string, error) {
	topic, queues, err := r.topic(2)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 12)
	if _, err := r.sendAll(p, topic, queues[:1], contents[:2]); err != nil {
		return "", err
	}
	batch := make([]*primitive.Message, 0, 10)
	for _, c := range contents[2:] {
		batch = append(batch, c.message(topic, queues[0]))
	}
	result, err := p.SendSync(r.ctx, batch...)
	if err != nil {
		return "", err
	}
	ids := strings.Split(result.OffsetMsgID, ",")
	if result.Status != primitive.SendOK || result.QueueOffset != 2 || len(ids) != len(batch) {
		return "", fmt.Errorf("status %d, first offset %d, %d ids for %d messages", result.Status, result.QueueOffset, len(ids), len(batch))
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	got, err := r.receive(contents, box)
	if err != nil {
		return "", err
	}
	for _, m := range got {
		// Messages of a batch take consecutive places of one queue, in the order in which they were given.
		if m.Queue.QueueId != result.MessageQueue.QueueId {
			return "", fmt.Errorf("%s is in queue %d instead of %d", m.GetKeys(), m.Queue.QueueId, result.MessageQueue.QueueId)
		}
		if contents[m.QueueOffset].key != m.GetKeys() {
			return "", fmt.Errorf("%s is at offset %d, where %s belongs", m.GetKeys(), m.QueueOffset, contents[m.QueueOffset].key)
		}
		if m.QueueOffset >= 2 && ids[m.QueueOffset-2] != m.OffsetMsgId {
			return "", fmt.Errorf("%s has offset id %s instead of %s", m.GetKeys(), m.OffsetMsgId, ids[m.QueueOffset-2])
		}
	}
	return fmt.Sprintf("a batch of %d", len(batch)), nil
}

func sendCompressed(r *Run) (string, error) {
	topic, queues, err := r.topic(1)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 3)
	contents[0].body = []byte(strings.Repeat("compress me, ", 10_000))
	contents[1].body = []byte(strings.Repeat("x", 4095))
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return "", err
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	got, err := r.receive(contents, box)
	if err != nil {
		return "", err
	}
	var detail string
	for _, m := range got {
		// The broker keeps the body as it was sent: compressed when it has 4 KiB or more.
		compressed := int(m.StoreSize) < len(m.Body)
		if large := len(m.Body) >= 4096; compressed != large {
			return "", fmt.Errorf("%s: a body of %d bytes takes %d bytes in the store", m.GetKeys(), len(m.Body), m.StoreSize)
		}
		if compressed {
			detail = fmt.Sprintf("%d bytes stored as %d", len(m.Body), m.StoreSize)
		}
	}
	return detail, nil
}
