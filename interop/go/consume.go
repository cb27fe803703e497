package main

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// orderly sends to three queues and refuses the third message of each once: it must come again before any later one.
func orderly(r *Run) (string, error) {
	topic, queues, err := r.topic(3)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 36)
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return "", err
	}
	var lock sync.Mutex
	seen := map[int][]string{}
	refused := map[int]bool{}
	box := &inbox{}
	_, err = r.push(r.name("group"), topic, "*",
		func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
			lock.Lock()
			defer lock.Unlock()
			for _, m := range messages {
				queue := m.Queue.QueueId
				seen[queue] = append(seen[queue], m.GetKeys())
				if m.QueueOffset == 2 && !refused[queue] {
					refused[queue] = true
					return consumer.SuspendCurrentQueueAMoment, nil
				}
				box.add(m)
			}
			return consumer.ConsumeSuccess, nil
		},
		consumer.WithConsumerOrder(true), consumer.WithConsumeMessageBatchMaxSize(1))
	if err != nil {
		return "", err
	}
	if _, err := r.receive(contents, box); err != nil {
		return "", err
	}
	lock.Lock()
	defer lock.Unlock()
	for index, queue := range queues {
		var want []string
		for number := index; number < len(contents); number += len(queues) {
			want = append(want, contents[number].key)
			if len(want) == 3 {
				want = append(want, contents[number].key)
			}
		}
		if fmt.Sprint(seen[queue.QueueId]) != fmt.Sprint(want) {
			return "", fmt.Errorf("queue %d was consumed as %v instead of %v", queue.QueueId, seen[queue.QueueId], want)
		}
	}
	return fmt.Sprintf("%d messages in order in %d queues", len(contents), len(queues)), nil
}

func broadcast(r *Run) (string, error) {
	topic, queues, err := r.topic(4)
	if err != nil {
		return "", err
	}
	boxes := []*inbox{{}, {}, {}}
	for _, box := range boxes {
		_, err := r.push(r.name("group"), topic, "*", box.accept, consumer.WithConsumerModel(consumer.BroadCasting))
		if err != nil {
			return "", err
		}
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 20)
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return "", err
	}
	for number, box := range boxes {
		if _, err := r.receive(contents, box); err != nil {
			return "", fmt.Errorf("member %d: %w", number, err)
		}
	}
	return fmt.Sprintf("%d messages to each of %d members", len(contents), len(boxes)), nil
}

func tagFilter(r *Run) (string, error) {
	topic, queues, err := r.topic(1)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	// "AaTag" and "BBTag" have the same hash code: the broker cannot tell them apart, the client must.
	tags := []string{"TagA", "TagC", "AaTag", "BBTag", "", "TagB", "tagA", "TagAB"}
	var contents, wanted []content
	for number := 0; number < 4*len(tags); number++ {
		c := newContent(number, tags[number%len(tags)])
		contents = append(contents, c)
		if c.tag == "TagA" || c.tag == "TagB" || c.tag == "AaTag" {
			wanted = append(wanted, c)
		}
	}
	// The last message passes the filter: when it is there, nothing is left out that was still to come.
	last := newContent(len(contents), "TagB")
	contents, wanted = append(contents, last), append(wanted, last)
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return "", err
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "TagA || TagB || AaTag", box.accept); err != nil {
		return "", err
	}
	if _, err := r.receive(wanted, box); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d of %d messages", len(wanted), len(contents)), nil
}

// retryThenSuccess refuses every third message at its first delivery. It comes again, alone, through the retry topic.
func retryThenSuccess(r *Run) (string, error) {
	topic, queues, err := r.topic(2)
	if err != nil {
		return "", err
	}
	group := r.name("group")
	if err := r.primeGroup(group, topic); err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 12)
	results, err := r.sendAll(p, topic, queues, contents)
	if err != nil {
		return "", err
	}
	offsetIDs := map[string]string{}
	for index, result := range results {
		offsetIDs[contents[index].key] = result.OffsetMsgID
	}
	refused, accepted := &inbox{}, &inbox{}
	_, err = r.push(group, topic, "*", func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		m := messages[0]
		if m.GetTags() == "TagC" && m.ReconsumeTimes == 0 {
			refused.add(m)
			retryAfterOneSecond(ctx)
			return consumer.ConsumeRetryLater, nil
		}
		accepted.add(m)
		return consumer.ConsumeSuccess, nil
	}, consumer.WithConsumeMessageBatchMaxSize(1))
	if err != nil {
		return "", err
	}
	got, err := r.receive(contents, accepted)
	if err != nil {
		return "", err
	}
	if len(refused.all()) != 4 {
		return "", fmt.Errorf("refused %v", keys(refused.all()))
	}
	first := map[string]*primitive.MessageExt{}
	for _, m := range refused.all() {
		first[m.GetKeys()] = m
	}
	for _, m := range got {
		earlier := first[m.GetKeys()]
		if earlier == nil {
			if m.ReconsumeTimes != 0 {
				return "", fmt.Errorf("%s was accepted and consumed again %d times", m.GetKeys(), m.ReconsumeTimes)
			}
			continue
		}
		if m.ReconsumeTimes != 1 || m.MsgId != earlier.MsgId || m.GetProperty(primitive.PropertyRetryTopic) != topic {
			return "", fmt.Errorf("%s: consumed again %d times, id %s then %s, retry topic %q",
				m.GetKeys(), m.ReconsumeTimes, earlier.MsgId, m.MsgId, m.GetProperty(primitive.PropertyRetryTopic))
		}
		if origin := m.GetProperty(primitive.PropertyOriginMessageId); origin != offsetIDs[m.GetKeys()] {
			return "", fmt.Errorf("%s: origin %q instead of %q", m.GetKeys(), origin, offsetIDs[m.GetKeys()])
		}
		if m.StoreTimestamp-earlier.StoreTimestamp < 1000 {
			return "", fmt.Errorf("%s came again %d ms after it was stored, its delay is 1 s", m.GetKeys(), m.StoreTimestamp-earlier.StoreTimestamp)
		}
	}
	return fmt.Sprintf("%d of %d messages came twice", len(first), len(got)), nil
}

// retryAfterOneSecond asks for delay level 1 instead of the one that grows with the number of deliveries.
func retryAfterOneSecond(ctx context.Context) {
	concurrently, _ := primitive.GetConcurrentlyCtx(ctx)
	concurrently.DelayLevelWhenNextConsume = 1
}

func deadLetter(r *Run) (string, error) {
	topic, queues, err := r.topic(1)
	if err != nil {
		return "", err
	}
	group := r.name("group")
	if err := r.primeGroup(group, topic); err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 3)
	results, err := r.sendAll(p, topic, queues, contents)
	if err != nil {
		return "", err
	}
	var lock sync.Mutex
	deliveries := map[string][]int32{}
	_, err = r.push(group, topic, "*", func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		m := messages[0]
		lock.Lock()
		defer lock.Unlock()
		deliveries[m.GetKeys()] = append(deliveries[m.GetKeys()], m.ReconsumeTimes)
		if m.GetTags() == "TagB" {
			retryAfterOneSecond(ctx)
			return consumer.ConsumeRetryLater, nil
		}
		return consumer.ConsumeSuccess, nil
	}, consumer.WithConsumeMessageBatchMaxSize(1), consumer.WithMaxReconsumeTimes(2))
	if err != nil {
		return "", err
	}
	dead := "%DLQ%" + group
	deadQueues, err := r.route(dead, 1)
	if err != nil {
		return "", err
	}
	reader, err := r.pull(r.name("reader"), dead, "*")
	if err != nil {
		return "", err
	}
	var letter *primitive.MessageExt
	err = r.eventually("the dead letter", func() error {
		result, err := reader.PullFrom(r.ctx, deadQueues[0], 0, 32)
		if err != nil {
			return err
		}
		if got := result.GetMessageExts(); len(got) != 1 {
			return fmt.Errorf("%d dead letters", len(got))
		}
		letter = result.GetMessageExts()[0]
		return nil
	})
	if err != nil {
		return "", err
	}
	if err := contents[1].verify(letter); err != nil {
		return "", err
	}
	if letter.Topic != dead || letter.ReconsumeTimes != 3 || letter.MsgId != results[1].MsgID ||
		letter.GetProperty(primitive.PropertyRetryTopic) != topic || letter.GetProperty(primitive.PropertyOriginMessageId) != results[1].OffsetMsgID {
		return "", fmt.Errorf("dead letter in %s, consumed again %d times, id %s, properties %v", letter.Topic, letter.ReconsumeTimes, letter.MsgId, letter.GetProperties())
	}
	lock.Lock()
	defer lock.Unlock()
	want := map[string][]int32{contents[0].key: {0}, contents[1].key: {0, 1, 2}, contents[2].key: {0}}
	if fmt.Sprint(deliveries) != fmt.Sprint(want) {
		return "", fmt.Errorf("deliveries %v instead of %v", deliveries, want)
	}
	return fmt.Sprintf("%s after %d deliveries", letter.GetKeys(), len(deliveries[letter.GetKeys()])), nil
}

// delayLevels sends the longest delay first: what arrives, and in which order, depends on the delays alone.
func delayLevels(r *Run) (string, error) {
	topic, queues, err := r.topic(1)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	delays := []struct {
		level   int
		shortMs int64
	}{{2, 5000}, {1, 1000}, {0, 0}}
	contents := newContents(0, len(delays))
	for index, c := range contents {
		m := c.message(topic, queues[0])
		if delays[index].level > 0 {
			m.WithDelayTimeLevel(delays[index].level)
		}
		if _, err := r.sendOne(p, m); err != nil {
			return "", err
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
	sort.Slice(got, func(a, b int) bool { return got[a].QueueOffset < got[b].QueueOffset })
	if order := fmt.Sprint(keys(got)); order != fmt.Sprint([]string{contents[2].key, contents[1].key, contents[0].key}) {
		return "", fmt.Errorf("stored in the order %v", order)
	}
	for _, m := range got {
		for index, c := range contents {
			if waited := m.StoreTimestamp - m.BornTimestamp; c.key == m.GetKeys() && waited < delays[index].shortMs {
				return "", fmt.Errorf("level %d was delivered after %d ms", delays[index].level, waited)
			}
		}
		if m.Topic != topic || m.Queue.QueueId != queues[0].QueueId {
			return "", fmt.Errorf("%s was delivered to %s queue %d", m.GetKeys(), m.Topic, m.Queue.QueueId)
		}
	}
	return fmt.Sprintf("order %v", keys(got)), nil
}

// timerDelays sends messages that say when they are due: the library knows no other way than the property.
func timerDelays(r *Run) (string, error) {
	topic, queues, err := r.topic(1)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	delaysMs := []int64{4500, 2000, -5000}
	contents := newContents(0, len(delaysMs))
	dueMs := map[string]int64{}
	for index, c := range contents {
		m := c.message(topic, queues[0])
		dueMs[c.key] = time.Now().UnixMilli() + delaysMs[index]
		m.WithProperty("TIMER_DELIVER_MS", fmt.Sprint(dueMs[c.key]))
		if _, err := r.sendOne(p, m); err != nil {
			return "", err
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
	sort.Slice(got, func(a, b int) bool { return got[a].QueueOffset < got[b].QueueOffset })
	if order := fmt.Sprint(keys(got)); order != fmt.Sprint([]string{contents[2].key, contents[1].key, contents[0].key}) {
		return "", fmt.Errorf("stored in the order %v", order)
	}
	for _, m := range got {
		if late := m.StoreTimestamp - dueMs[m.GetKeys()]; late < 0 || late > 10_000 {
			return "", fmt.Errorf("%s was delivered %d ms after its time", m.GetKeys(), late)
		}
	}
	return fmt.Sprintf("order %v", keys(got)), nil
}
