package main

import "fmt"

// expression selects every third message by its tag, and ten more by their number.
const expression = "TAGS = 'TagC' OR number >= 10 AND number < 20 AND text CONTAINS 'ü'"

func selected(contents []content) []content {
	var wanted []content
	for number, c := range contents {
		if c.tag == "TagC" || number >= 10 && number < 20 {
			wanted = append(wanted, c)
		}
	}
	return wanted
}

// sqlFilter lets a push consumer select messages by their properties, stored before it starts and after.
func sqlFilter(r *Run) (string, error) {
	topic, queues, err := r.topic(2)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	contents := newContents(0, 36)
	if _, err := r.sendAll(p, topic, queues, contents[:15]); err != nil {
		return "", err
	}
	box := &inbox{}
	if _, err := r.pushSelected(r.name("group"), topic, bySQL(expression), box.accept); err != nil {
		return "", err
	}
	if _, err := r.sendAll(p, topic, queues, contents[15:]); err != nil {
		return "", err
	}
	wanted := selected(contents)
	if _, err := r.receive(wanted, box); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d of %d messages", len(wanted), len(contents)), nil
}
