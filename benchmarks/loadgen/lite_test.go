package main

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
)

func recordWith(body, topic, properties string) []byte {
	record := make([]byte, recordBody)
	binary.BigEndian.PutUint32(record[recordBodyLength:], uint32(len(body)))
	record = append(record, body...)
	record = append(append(record, byte(len(topic))), topic...)
	record = binary.BigEndian.AppendUint16(record, uint16(len(properties)))
	record = append(record, properties...)
	binary.BigEndian.PutUint32(record, uint32(len(record)))
	return record
}

func TestConsumersShareLiteTopics(t *testing.T) {
	options := Options{lite: 5, consumers: 2}
	if got := options.liteTopicsOf(1); !reflect.DeepEqual(got, []int{1, 3}) {
		t.Fatal(got)
	}
	if got := options.liteTopicsOf(0); !reflect.DeepEqual(got, []int{0, 2, 4}) {
		t.Fatal(got)
	}
}

func TestEachMessageOfALiteTopicIsAcknowledged(t *testing.T) {
	header := []byte(`{"extFields":{"popTime":"17","reviveQid":"999"}}`)
	body := append(
		recordWith("0123456789", "Lite", "A\x01b\x02__LITE_TOPIC\x01room-1\x02INNER_MULTI_QUEUE_OFFSET\x014\x02"),
		recordWith("0123456789", "Lite", "INNER_MULTI_QUEUE_OFFSET\x010\x02__LITE_TOPIC\x01room-2\x02")...)
	output, count, err := appendLiteAcks(nil, "Lite", "broker-a", header, body)
	if err != nil || count != 2 {
		t.Fatal(count, err)
	}
	for _, wanted := range []string{
		`"liteTopic":"room-1","queueId":"0","offset":"4","extraInfo":"4 17 60000 999 0 broker-a 0 4"`,
		`"liteTopic":"room-2","queueId":"0","offset":"0","extraInfo":"0 17 60000 999 0 broker-a 0 0"`,
	} {
		if !strings.Contains(string(output), wanted) {
			t.Fatalf("%q is not in %q", wanted, output)
		}
	}
	if _, _, err := appendLiteAcks(nil, "Lite", "broker-a", header, recordWith("0123456789", "Lite", "A\x01b\x02")); err == nil {
		t.Fatal("a message of no lite topic was taken")
	}
}

func TestMessagesGoToLiteTopicsAndKeysInTurn(t *testing.T) {
	sender := newSender([]string{"Lite"}, 1, 8, 1, false, 0)
	sender.lite, sender.keys = 3, 2
	first := string(sender.append(nil, 0, -1, 0))
	second := string(sender.append(nil, 0, -1, 0))
	for text, wanted := range map[string]string{first: `__LITE_TOPIC\u0001room-`, second: `KEYS\u0001key-`} {
		if !strings.Contains(text, wanted) {
			t.Fatalf("%q is not in %q", wanted, text)
		}
	}
	if first == second {
		t.Fatal("both are the same")
	}
}
