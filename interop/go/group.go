package main

import (
	"fmt"
	"sort"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// shares sends one message to each queue, waits until each has arrived somewhere, and returns how many came to each box.
// While queues move between members a message may come twice: then no share adds up and the caller asks again.
func (r *Run) shares(p rocketmq.Producer, topic string, queues []*primitive.MessageQueue, from int, boxes []*inbox) ([]int, error) {
	contents := newContents(from, from+len(queues))
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, c := range contents {
		wanted[c.key] = true
	}
	counts := make([]int, len(boxes))
	err := r.eventually("a message from each queue", func() error {
		arrived := map[string]bool{}
		for index, box := range boxes {
			counts[index] = 0
			for _, m := range box.all() {
				if wanted[m.GetKeys()] {
					arrived[m.GetKeys()] = true
					counts[index]++
				}
			}
		}
		if len(arrived) != len(contents) {
			return fmt.Errorf("%d of %d arrived", len(arrived), len(contents))
		}
		return nil
	})
	return counts, err
}

// rebalance has members join and leave; the queues must be shared out anew each time and no message may be missed.
func rebalance(r *Run) (string, error) {
	topic, queues, err := r.topic(8)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	group := r.name("group")
	sent := 0
	settle := func(want []int, boxes ...*inbox) error {
		return r.eventually(fmt.Sprintf("shares %v", want), func() error {
			counts, err := r.shares(p, topic, queues, sent, boxes)
			sent += len(queues)
			if err != nil {
				return err
			}
			sort.Ints(counts)
			if fmt.Sprint(counts) != fmt.Sprint(want) {
				return fmt.Errorf("shares %v", counts)
			}
			return nil
		})
	}
	started := time.Now()
	var boxes []*inbox
	var members []rocketmq.PushConsumer
	join := func() error {
		box := &inbox{}
		c, err := r.push(group, topic, "*", box.accept)
		boxes, members = append(boxes, box), append(members, c)
		return err
	}
	if err := join(); err != nil {
		return "", err
	}
	if err := settle([]int{8}, boxes...); err != nil {
		return "", fmt.Errorf("one member: %w", err)
	}
	if err := join(); err != nil {
		return "", err
	}
	if err := settle([]int{4, 4}, boxes...); err != nil {
		return "", fmt.Errorf("two members: %w", err)
	}
	if err := join(); err != nil {
		return "", err
	}
	if err := settle([]int{2, 3, 3}, boxes...); err != nil {
		return "", fmt.Errorf("three members: %w", err)
	}
	if err := members[0].Shutdown(); err != nil {
		return "", err
	}
	if err := settle([]int{0, 4, 4}, boxes...); err != nil {
		return "", fmt.Errorf("after the first left: %w", err)
	}
	if err := members[2].Shutdown(); err != nil {
		return "", err
	}
	if err := settle([]int{0, 0, 8}, boxes...); err != nil {
		return "", fmt.Errorf("after the third left: %w", err)
	}
	arrived := map[string]bool{}
	for _, box := range boxes {
		for _, m := range box.all() {
			arrived[m.GetKeys()] = true
		}
	}
	if len(arrived) != sent {
		return "", fmt.Errorf("%d of %d messages arrived", len(arrived), sent)
	}
	return fmt.Sprintf("%d messages, %d ms", sent, time.Since(started).Milliseconds()), nil
}

// clientRestart has a consumer started three times. Each start gives what the broker did not know as consumed, and nothing
// before that. The last messages may come twice: the client counts a message a moment after its handler has returned, and
// tells the offsets one-way when it is shut down.
func clientRestart(r *Run) (string, error) {
	topic, queues, err := r.topic(4)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	group := r.name("group")
	known := map[int]int64{}
	for round := 0; round < 3; round++ {
		contents := newContents(round*20, round*20+20)
		if _, err := r.sendAll(p, topic, queues, contents); err != nil {
			return "", err
		}
		box := &inbox{}
		c, err := r.push(group, topic, "*", box.accept)
		if err != nil {
			return "", err
		}
		var again []*primitive.MessageExt
		err = r.eventually("the messages", func() error {
			var fresh []*primitive.MessageExt
			fresh, again = r.since(int64(round*5), box.all())
			return exactly(contents, fresh)
		})
		if err != nil {
			return "", fmt.Errorf("start %d: %w", round+1, err)
		}
		for _, m := range again {
			if m.QueueOffset < known[m.Queue.QueueId] {
				return "", fmt.Errorf("start %d: message %d of queue %d came again", round+1, m.QueueOffset, m.Queue.QueueId)
			}
		}
		if err := c.Shutdown(); err != nil {
			return "", err
		}
		if err := r.someStored(group, topic, queues, int64(round*5), known); err != nil {
			return "", err
		}
	}
	return "3 starts of the consumer", nil
}

// since parts messages into those from an offset of their queue on, and those before it.
func (r *Run) since(offset int64, messages []*primitive.MessageExt) (fresh, again []*primitive.MessageExt) {
	for _, m := range messages {
		if m.QueueOffset >= offset {
			fresh = append(fresh, m)
		} else {
			again = append(again, m)
		}
	}
	return fresh, again
}

// someStored waits until the broker knows an offset beyond the given one, and notes what it knows of each queue.
func (r *Run) someStored(group, topic string, queues []*primitive.MessageQueue, beyond int64, known map[int]int64) error {
	return r.eventually("an offset of "+group, func() error {
		isBeyond := false
		for _, queue := range queues {
			stored, err := r.storedOffset(group, topic, queue)
			if err != nil {
				return err
			}
			known[queue.QueueId] = max(stored, 0)
			isBeyond = isBeyond || stored > beyond
		}
		if !isBeyond {
			return fmt.Errorf("no queue is beyond %d", beyond)
		}
		return nil
	})
}

// offsetsStored waits until the broker knows the group's offset in each queue.
func (r *Run) offsetsStored(group, topic string, queues []*primitive.MessageQueue, offset int64) error {
	return r.eventually("the offsets of "+group, func() error {
		for _, queue := range queues {
			stored, err := r.storedOffset(group, topic, queue)
			if err != nil {
				return err
			}
			if stored != offset {
				return fmt.Errorf("offset %d of queue %d instead of %d", stored, queue.QueueId, offset)
			}
		}
		return nil
	})
}

// brokerRestart has the broker stopped and started: messages, topics and offsets must be there again, and the clients go on.
func brokerRestart(r *Run) (string, error) {
	topic, queues, err := r.topic(4)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	group, idle := r.name("group"), r.name("later")
	before, during, after := newContents(0, 20), newContents(20, 40), newContents(40, 60)
	if _, err := r.sendAll(p, topic, queues, before); err != nil {
		return "", err
	}
	box := &inbox{}
	c, err := r.push(group, topic, "*", box.accept)
	if err != nil {
		return "", err
	}
	if _, err := r.receive(before, box); err != nil {
		return "", fmt.Errorf("before the restart: %w", err)
	}
	// A consumer tells its offsets every few seconds; those that it tells when it is shut down may lack the last messages.
	if err := r.offsetsStored(group, topic, queues, 5); err != nil {
		return "", err
	}
	if err := c.Shutdown(); err != nil {
		return "", err
	}
	if _, err := r.sendAll(p, topic, queues, during); err != nil {
		return "", err
	}
	if err := r.checkpoint("restart-broker"); err != nil {
		return "", err
	}
	if err := r.offsetsStored(group, topic, queues, 5); err != nil {
		return "", fmt.Errorf("after the restart: %w", err)
	}
	// The producer lived through the restart. Its first sends may meet the closed connection.
	for index, c := range after {
		err := r.eventually("sending "+c.key, func() error {
			_, err := p.SendSync(r.ctx, c.message(topic, queues[index%len(queues)]))
			return err
		})
		if err != nil {
			return "", err
		}
	}
	rest := &inbox{}
	if _, err := r.push(group, topic, "*", rest.accept); err != nil {
		return "", err
	}
	if _, err := r.receive(append(append([]content{}, during...), after...), rest); err != nil {
		return "", fmt.Errorf("the group after the restart: %w", err)
	}
	everything := &inbox{}
	if _, err := r.push(idle, topic, "*", everything.accept); err != nil {
		return "", err
	}
	if _, err := r.receive(newContents(0, 60), everything); err != nil {
		return "", fmt.Errorf("a new group after the restart: %w", err)
	}
	return "messages and offsets were there again", nil
}
