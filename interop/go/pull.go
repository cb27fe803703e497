package main

import (
	"fmt"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// pullOffsets reads one queue by offsets, stores an offset, and lets another member of the group go on from there.
func pullOffsets(r *Run) (string, error) {
	topic, queues, err := r.topic(1)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 50)
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return "", err
	}
	group := r.name("group")
	first, err := r.pull(group, topic, "*")
	if err != nil {
		return "", err
	}
	expect := func(result *primitive.PullResult, from, to int) error {
		if result.Status != primitive.PullFound || result.MinOffset != 0 || result.MaxOffset != 50 || result.NextBeginOffset != int64(to) {
			return fmt.Errorf("status %d, offsets %d to %d, next %d", result.Status, result.MinOffset, result.MaxOffset, result.NextBeginOffset)
		}
		for index, m := range result.GetMessageExts() {
			if m.QueueOffset != int64(from+index) {
				return fmt.Errorf("offset %d where %d belongs", m.QueueOffset, from+index)
			}
		}
		return exactly(contents[from:to], result.GetMessageExts())
	}
	for _, part := range [][2]int{{0, 32}, {32, 50}, {7, 9}, {49, 50}} {
		result, err := first.PullFrom(r.ctx, queues[0], int64(part[0]), part[1]-part[0])
		if err != nil {
			return "", fmt.Errorf("pulling from %d: %w", part[0], err)
		}
		if err := expect(result, part[0], part[1]); err != nil {
			return "", fmt.Errorf("pulling %d messages from %d: %w", part[1]-part[0], part[0], err)
		}
	}
	beyond, err := first.PullFrom(r.ctx, queues[0], 60, 1)
	if err != nil {
		return "", err
	}
	if beyond.Status != primitive.PullOffsetIllegal || beyond.NextBeginOffset != 50 || len(beyond.GetMessageExts()) != 0 {
		return "", fmt.Errorf("past the end: status %d, next %d", beyond.Status, beyond.NextBeginOffset)
	}
	if err := first.UpdateOffset(queues[0], 20); err != nil {
		return "", err
	}
	if err := first.PersistOffset(r.ctx, topic); err != nil {
		return "", err
	}
	if err := first.Shutdown(); err != nil {
		return "", err
	}
	second, err := r.pull(group, topic, "*")
	if err != nil {
		return "", err
	}
	// Offsets are stored one-way: the broker may get to it after the next request.
	err = r.eventually("the stored offset", func() error {
		result, err := second.Pull(r.ctx, 5)
		if err != nil {
			return err
		}
		return expect(result, 20, 25)
	})
	if err != nil {
		return "", err
	}
	return "read by offsets, gone on from a stored one", nil
}

// pullPoll takes messages by Poll, acknowledges half of the queues, and lets another member poll the rest.
func pullPoll(r *Run) (string, error) {
	topic, queues, err := r.topic(4)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 40)
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return "", err
	}
	group := r.name("group")
	kept := map[int]bool{queues[0].QueueId: true, queues[1].QueueId: true}
	poll := func(expected []content, acknowledge func(queue int) bool) error {
		c, err := r.pull(group, topic, "*")
		if err != nil {
			return err
		}
		box := &inbox{}
		for {
			request, err := c.Poll(r.ctx, 100*time.Millisecond)
			if err != nil && !consumer.IsNoNewMsgError(err) {
				return err
			}
			if err == nil {
				box.add(request.GetMsgList()...)
				if acknowledge(request.GetMQ().QueueId) {
					c.ACK(r.ctx, request, consumer.ConsumeSuccess)
				}
			}
			wrong := exactly(expected, box.all())
			if wrong == nil {
				return c.Shutdown()
			}
			if r.ctx.Err() != nil {
				return fmt.Errorf("polling: %w; last: %v", r.ctx.Err(), wrong)
			}
		}
	}
	if err := poll(contents, func(queue int) bool { return !kept[queue] }); err != nil {
		return "", fmt.Errorf("first member: %w", err)
	}
	var rest []content
	for index, c := range contents {
		if kept[queues[index%len(queues)].QueueId] {
			rest = append(rest, c)
		}
	}
	if err := poll(rest, func(int) bool { return true }); err != nil {
		return "", fmt.Errorf("second member: %w", err)
	}
	return fmt.Sprintf("%d messages, %d of them again", len(contents), len(rest)), nil
}
