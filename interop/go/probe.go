package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// storedOffset is a group's offset in the broker, asked for (QUERY_CONSUMER_OFFSET, 14) without becoming a member of the
// group, which the library has no call for. It is -1 when none is stored.
func (r *Run) storedOffset(group, topic string, queue *primitive.MessageQueue) (int64, error) {
	return r.askOffset(14, map[string]string{
		"consumerGroup": group, "topic": topic, "queueId": strconv.Itoa(queue.QueueId), "setZeroIfNotFound": "false",
	})
}

// minOffset is the first offset that a queue still holds (GET_MIN_OFFSET, 31).
func (r *Run) minOffset(topic string, queue *primitive.MessageQueue) (int64, error) {
	return r.askOffset(31, map[string]string{"topic": topic, "queueId": strconv.Itoa(queue.QueueId)})
}

// askOffset sends one request on a connection of its own to the first broker and returns the offset of the response, or
// -1 when it is QUERY_NOT_FOUND (22).
func (r *Run) askOffset(code int, fields map[string]string) (int64, error) {
	header, err := json.Marshal(map[string]any{
		"code": code, "language": "GO", "version": 317, "opaque": 1, "flag": 0, "extFields": fields,
	})
	if err != nil {
		return 0, err
	}
	connection, err := net.DialTimeout("tcp", r.request.Brokers[0], time.Minute)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, err
	}
	// Length of the rest, length of the header (its top byte, the header's form, is 0 for JSON), header.
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(header)))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(header)))
	if _, err := connection.Write(append(frame, header...)); err != nil {
		return 0, err
	}
	var lengths [8]byte
	if _, err := io.ReadFull(connection, lengths[:]); err != nil {
		return 0, err
	}
	answer := make([]byte, binary.BigEndian.Uint32(lengths[4:])&0xffffff)
	if _, err := io.ReadFull(connection, answer); err != nil {
		return 0, err
	}
	var response struct {
		Code      int
		Remark    string
		ExtFields struct{ Offset string }
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return 0, err
	}
	switch response.Code {
	case 0:
		return strconv.ParseInt(response.ExtFields.Offset, 10, 64)
	case 22:
		return -1, nil
	default:
		return 0, fmt.Errorf("code %d: %s", response.Code, response.Remark)
	}
}
