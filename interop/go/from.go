package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// expireFirst sends large messages to the queues until the broker has deleted the first of them, which takes a broker
// with small log files and no retention. It returns how many messages each queue has had.
//
// Without that a group would start with the first message wherever it asks to: see fromLastYoungQueue.
func (r *Run) expireFirst(p rocketmq.Producer, topic string, queues []*primitive.MessageQueue) (int, error) {
	const each = 20
	random := rand.New(rand.NewPCG(1, 2))
	for number := 0; number < each*len(queues); number++ {
		body := make([]byte, 100_000) // of random bytes, which compression does not make small
		for index := range body {
			body[index] = byte(random.Uint32())
		}
		filler := content{key: fmt.Sprintf("filler-%d", number), body: body}
		if _, err := p.SendSync(r.ctx, filler.message(topic, queues[number%len(queues)])); err != nil {
			return 0, err
		}
	}
	return each, r.eventually("the deletion of the first messages", func() error {
		for _, queue := range queues {
			first, err := r.minOffset(topic, queue)
			if err != nil {
				return err
			}
			if first == 0 {
				return fmt.Errorf("queue %d still has its first message", queue.QueueId)
			}
		}
		return nil
	})
}

// nextSecond waits for the next full second: a group's start time has no finer step.
func (r *Run) nextSecond() (time.Time, error) {
	next := time.Now().Truncate(time.Second).Add(time.Second)
	err := r.eventually("the next second", func() error {
		if wait := time.Until(next); wait >= 0 {
			return fmt.Errorf("%v to go", wait)
		}
		return nil
	})
	return next, err
}

// from stores 20 messages, waits, stores 20 more, starts a group at the given place and expects the messages from the
// given one on.
func from(r *Run, where consumer.ConsumeFromWhere, young bool, first int) (string, error) {
	topic, queues, err := r.topic(2)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	if !young {
		if _, err := r.expireFirst(p, topic, queues); err != nil {
			return "", err
		}
	}
	if _, err := r.sendAll(p, topic, queues, newContents(0, 20)); err != nil {
		return "", err
	}
	between, err := r.nextSecond()
	if err != nil {
		return "", err
	}
	if _, err := r.sendAll(p, topic, queues, newContents(20, 40)); err != nil {
		return "", err
	}
	box := &inbox{}
	listen := func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, m := range messages {
			// From the first message on means from those that large messages are left of.
			if where != consumer.ConsumeFromFirstOffset || !strings.HasPrefix(m.GetKeys(), "filler-") {
				box.add(m)
			}
		}
		return consumer.ConsumeSuccess, nil
	}
	_, err = r.push(r.name("group"), topic, "*", listen,
		consumer.WithConsumeFromWhere(where), consumer.WithConsumeTimestamp(between.UTC().Format("20060102150405")))
	if err != nil {
		return "", err
	}
	if _, err := r.receive(newContents(first, 40), box); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d of 40 messages", 40-first), nil
}

func fromFirst(r *Run) (string, error) { return from(r, consumer.ConsumeFromFirstOffset, false, 0) }

func fromTimestamp(r *Run) (string, error) { return from(r, consumer.ConsumeFromTimestamp, false, 20) }

func fromFirstYoungQueue(r *Run) (string, error) {
	return from(r, consumer.ConsumeFromFirstOffset, true, 0)
}

// In a young queue, one whose first message is still in memory, a new group starts with it wherever it asks to start.
func fromLastYoungQueue(r *Run) (string, error) {
	return from(r, consumer.ConsumeFromLastOffset, true, 0)
}

func fromTimestampYoungQueue(r *Run) (string, error) {
	return from(r, consumer.ConsumeFromTimestamp, true, 0)
}

// fromLast: the group starts behind what is stored. Nothing tells when it holds its queues, so messages are sent until one
// of each queue arrives; those sent before that may be skipped, but none of the first ones may come, and no gap may follow.
func fromLast(r *Run) (string, error) {
	topic, queues, err := r.topic(2)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	stored, err := r.expireFirst(p, topic, queues)
	if err != nil {
		return "", err
	}
	box := &inbox{}
	_, err = r.push(r.name("group"), topic, "*", box.accept, consumer.WithConsumeFromWhere(consumer.ConsumeFromLastOffset))
	if err != nil {
		return "", err
	}
	sent := 0
	err = r.eventually("a message of each queue", func() error {
		_, err := r.sendAll(p, topic, queues, newContents(sent, sent+2))
		if err != nil {
			return err
		}
		sent += 2
		reached := map[int]bool{}
		for _, m := range box.all() {
			reached[m.Queue.QueueId] = true
		}
		if len(reached) != len(queues) {
			return fmt.Errorf("%d of %d queues after %d messages", len(reached), len(queues), sent)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	firsts := map[int]int64{}
	err = r.eventually("all later messages", func() error {
		offsets := map[int]map[int64]bool{}
		for _, m := range box.all() {
			queue := m.Queue.QueueId
			if offsets[queue] == nil {
				offsets[queue] = map[int64]bool{}
				firsts[queue] = m.QueueOffset
			}
			offsets[queue][m.QueueOffset] = true
			firsts[queue] = min(firsts[queue], m.QueueOffset)
		}
		for queue, first := range firsts {
			if got, want := len(offsets[queue]), stored+sent/2-int(first); got != want {
				return fmt.Errorf("%d messages of queue %d instead of %d", got, queue, want)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for queue, first := range firsts {
		if first < int64(stored) {
			return "", fmt.Errorf("queue %d was consumed from offset %d, %d messages were there before", queue, first, stored)
		}
	}
	return fmt.Sprintf("started at %v of %d", firsts, stored+sent/2), nil
}
