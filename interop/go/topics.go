package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/apache/rocketmq-client-go/v2/admin"
)

// adminTopics creates, lists and deletes a topic and lists the groups.
func adminTopics(r *Run) (string, error) {
	topic, queues, err := r.topic(3)
	if err != nil {
		return "", err
	}
	a, err := r.admin()
	if err != nil {
		return "", err
	}
	listed := func() (bool, error) {
		list, err := a.FetchAllTopicList(r.ctx)
		if err != nil {
			return false, err
		}
		if !slices.Contains(list.TopicList, "TBW102") {
			return false, fmt.Errorf("no TBW102 among %d topics", len(list.TopicList))
		}
		return slices.Contains(list.TopicList, topic), nil
	}
	there, err := listed()
	if err != nil {
		return "", err
	}
	if !there {
		return "", fmt.Errorf("%s is not listed", topic)
	}
	for index, queue := range queues {
		if queue.Topic != topic || queue.QueueId != index {
			return "", fmt.Errorf("queue %d is %v", index, queue)
		}
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 6)
	if _, err := r.sendAll(p, topic, queues, contents); err != nil {
		return "", err
	}
	group := r.name("group")
	box := &inbox{}
	c, err := r.push(group, topic, "*", box.accept)
	if err != nil {
		return "", err
	}
	if _, err := r.receive(contents, box); err != nil {
		return "", err
	}
	groups, err := a.GetAllSubscriptionGroup(r.ctx, r.request.Brokers[0], time.Minute)
	if err != nil {
		return "", err
	}
	if config, known := groups.SubscriptionGroupTable[group]; !known || config.GroupName != group || config.RetryMaxTimes != 16 || !config.ConsumeEnable {
		return "", fmt.Errorf("group %s: %v %+v", group, known, config)
	}
	if err := c.Shutdown(); err != nil {
		return "", err
	}
	if err := p.Shutdown(); err != nil {
		return "", err
	}
	if err := a.DeleteTopic(r.ctx, admin.WithTopicDelete(topic), admin.WithBrokerAddrDelete(r.request.Brokers[0])); err != nil {
		return "", err
	}
	err = r.eventually("the topic's disappearance", func() error {
		there, err := listed()
		if err == nil && there {
			err = fmt.Errorf("%s is still listed", topic)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	// A topic of the same name starts anew: no message of the old one, offsets from 0.
	if _, queues, err = r.topic(3); err != nil {
		return "", err
	}
	fresh, err := r.producer()
	if err != nil {
		return "", err
	}
	results, err := r.sendAll(fresh, topic, queues, newContents(6, 9))
	if err != nil {
		return "", err
	}
	for _, result := range results {
		if result.QueueOffset != 0 {
			return "", fmt.Errorf("the first message of queue %d has offset %d", result.MessageQueue.QueueId, result.QueueOffset)
		}
	}
	return "created, listed, deleted, created again", nil
}
