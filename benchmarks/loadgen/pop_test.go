package main

import (
	"bytes"
	"strings"
	"testing"
)

const popAnswer = `{"code":0,"extFields":{"popTime":"1700","invisibleTime":"60000","reviveQid":"3","restNum":"0",` +
	`"startOffsetInfo":"0 1 5;0 2 0","msgOffsetInfo":"0 1 5,7;0 2 0"},"flag":1,"opaque":4}`

func TestAcknowledgesEachMessageOfAnAnswer(t *testing.T) {
	frames, count, err := appendAcks(nil, 4, "g", "T", "b", []byte(popAnswer))
	if err != nil || count != 3 {
		t.Fatalf("%d acknowledgements, %v", count, err)
	}
	for _, receipt := range []string{"5 1700 60000 3 0 b 1 5", "5 1700 60000 3 0 b 1 7", "0 1700 60000 3 0 b 2 0"} {
		if !bytes.Contains(frames, []byte(`"extraInfo":"`+receipt+`"`)) {
			t.Errorf("no receipt %s in %q", receipt, frames)
		}
	}
}

func TestRefusesAnAnswerThatDoesNotSayWhatCame(t *testing.T) {
	for _, header := range []string{`{}`, strings.Replace(popAnswer, "0 2 0;", "", 1)[:60], strings.Replace(popAnswer, `"0 1 5;`, `"0 9 5;`, 1)} {
		if _, _, err := appendAcks(nil, 4, "g", "T", "b", []byte(header)); err == nil {
			t.Errorf("took %q", header)
		}
	}
}
