//go:build !linux

package main

import "errors"

func dropFolder(string) (int64, error) {
	return 0, errors.New("dropping cached pages works on Linux only")
}
