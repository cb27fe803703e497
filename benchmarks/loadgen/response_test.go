package main

import "testing"

func TestHeadersAreReadWhateverTheOrderOfFields(t *testing.T) {
	for _, text := range []string{
		`{"code":0,"extFields":{"queueId":"1","nextBeginOffset":"42","offset":"-7"},"flag":1,"language":"JAVA","opaque":3,"version":0}`,
		`{ "opaque":3,"flag":1,"remark":"\"code\":9 \\","extFields":{"offset":"-7","code":"5","nextBeginOffset":"42"},"code":0}`,
	} {
		var response Response
		if err := scanHeader([]byte(text), &response); err != nil {
			t.Fatal(err)
		}
		if response.code != 0 || response.opaque != 3 || response.flag != 1 || response.next != 42 || response.offset != -7 {
			t.Fatalf("%+v from %s", response, text)
		}
	}
}

func TestBrokenHeadersAreErrors(t *testing.T) {
	for _, text := range []string{``, `{}`, `{"code":1}`, `{"code":1,"opaque":2,"remark":"`, `"`, `{"code`} {
		if err := scanHeader([]byte(text), &Response{}); err == nil {
			t.Fatalf("%q is taken", text)
		}
	}
}

func FuzzScanHeader(f *testing.F) {
	f.Add([]byte(`{"code":0,"opaque":1,"remark":"x"}`))
	f.Fuzz(func(_ *testing.T, header []byte) { _ = scanHeader(header, &Response{}) })
}

func TestAnswersToSendsTellWhereTheMessageStands(t *testing.T) {
	var response Response
	text := `{"code":0,"extFields":{"queueId":"1","msgId":"7F00000100002A9F00000000000001AC","queueOffset":"12"},"flag":1,"opaque":3}`
	if err := scanHeader([]byte(text), &response); err != nil || response.position != 428 || response.queueOffset != 12 {
		t.Fatalf("%v, %+v", err, response)
	}
	for _, id := range []string{"", "1AC", "7F00000100002A9F00000000000001Ag"} {
		if err := scanHeader([]byte(`{"code":0,"opaque":1,"extFields":{"msgId":"`+id+`"}}`), &response); err != nil || response.position != -1 {
			t.Fatalf("%v, %+v", err, response)
		}
	}
}
