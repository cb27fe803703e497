package main

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"

	"context"
)

// content is what a message is sent with and must arrive with. Its key is unique within a scenario.
type content struct {
	key        string
	tag        string
	body       []byte
	properties map[string]string
}

func newContent(number int, tag string) content {
	return content{
		key:        fmt.Sprintf("key-%03d", number),
		tag:        tag,
		body:       []byte(fmt.Sprintf("body of message %d: äöü €\x00\xff", number)),
		properties: map[string]string{"number": fmt.Sprint(number), "text": "a=b, ü"},
	}
}

func newContents(from, to int) []content {
	var all []content
	for number := from; number < to; number++ {
		all = append(all, newContent(number, []string{"TagA", "TagB", "TagC"}[number%3]))
	}
	return all
}

// message makes the message to send; without a queue the producer's selector chooses one.
func (c content) message(topic string, queue *primitive.MessageQueue) *primitive.Message {
	m := primitive.NewMessage(topic, c.body)
	m.WithTag(c.tag)
	m.WithKeys([]string{c.key})
	for name, value := range c.properties {
		m.WithProperty(name, value)
	}
	m.Queue = queue
	return m
}

// verify compares all that a sender gave a message with what arrived.
func (c content) verify(m *primitive.MessageExt) error {
	var wrong []string
	if !bytes.Equal(m.Body, c.body) {
		wrong = append(wrong, fmt.Sprintf("body of %d bytes %.60q instead of %d bytes %.60q", len(m.Body), m.Body, len(c.body), c.body))
	}
	if m.GetTags() != c.tag {
		wrong = append(wrong, fmt.Sprintf("tag %q instead of %q", m.GetTags(), c.tag))
	}
	if m.GetKeys() != c.key {
		wrong = append(wrong, fmt.Sprintf("key %q instead of %q", m.GetKeys(), c.key))
	}
	for name, value := range c.properties {
		if got := m.GetProperty(name); got != value {
			wrong = append(wrong, fmt.Sprintf("property %s %q instead of %q", name, got, value))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s: %s", c.key, strings.Join(wrong, "; "))
	}
	return nil
}

// inbox keeps what a listener was given, in the order of the calls.
type inbox struct {
	lock     sync.Mutex
	messages []*primitive.MessageExt
}

func (i *inbox) add(messages ...*primitive.MessageExt) {
	i.lock.Lock()
	defer i.lock.Unlock()
	for _, m := range messages {
		// The library changes messages after the listener returns: what the listener saw is copied.
		seen := &primitive.MessageExt{
			MsgId: m.MsgId, OffsetMsgId: m.OffsetMsgId, StoreSize: m.StoreSize, QueueOffset: m.QueueOffset, SysFlag: m.SysFlag,
			BornTimestamp: m.BornTimestamp, BornHost: m.BornHost, StoreTimestamp: m.StoreTimestamp, StoreHost: m.StoreHost,
			CommitLogOffset: m.CommitLogOffset, BodyCRC: m.BodyCRC, ReconsumeTimes: m.ReconsumeTimes,
		}
		seen.Topic, seen.Body, seen.Flag = m.Topic, append([]byte(nil), m.Body...), m.Flag
		if m.Queue != nil {
			queue := *m.Queue
			seen.Queue = &queue
		}
		seen.WithProperties(m.GetProperties())
		i.messages = append(i.messages, seen)
	}
}

func (i *inbox) all() []*primitive.MessageExt {
	i.lock.Lock()
	defer i.lock.Unlock()
	return append([]*primitive.MessageExt(nil), i.messages...)
}

// accept is a listener that keeps all messages and is content with them.
func (i *inbox) accept(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	i.add(messages...)
	return consumer.ConsumeSuccess, nil
}

func keys(messages []*primitive.MessageExt) []string {
	all := make([]string, 0, len(messages))
	for _, m := range messages {
		all = append(all, m.GetKeys())
	}
	return all
}

// exactly reports any message that is missing, doubled, unexpected, or not what was sent.
func exactly(expected []content, got []*primitive.MessageExt) error {
	byKey := map[string][]*primitive.MessageExt{}
	for _, m := range got {
		byKey[m.GetKeys()] = append(byKey[m.GetKeys()], m)
	}
	var wrong []string
	for _, c := range expected {
		found := byKey[c.key]
		delete(byKey, c.key)
		if len(found) != 1 {
			wrong = append(wrong, fmt.Sprintf("%s arrived %d times", c.key, len(found)))
			continue
		}
		if err := c.verify(found[0]); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	for key := range byKey {
		wrong = append(wrong, fmt.Sprintf("%q was not expected", key))
	}
	sort.Strings(wrong)
	if len(wrong) > 0 {
		return fmt.Errorf("%d expected, %d arrived: %s", len(expected), len(got), strings.Join(wrong, ", "))
	}
	return nil
}

// receive waits until the inbox holds exactly these messages.
func (r *Run) receive(expected []content, box *inbox) ([]*primitive.MessageExt, error) {
	var got []*primitive.MessageExt
	err := r.eventually("the messages", func() error {
		got = box.all()
		return exactly(expected, got)
	})
	return got, err
}
