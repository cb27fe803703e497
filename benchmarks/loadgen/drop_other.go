//go:build !linux

package main

import "errors"

var errNoDrop = errors.New("dropping cached pages works on Linux only")

func dropFolder(string) (int64, error) { return 0, errNoDrop }

func dropFiles(paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	return errNoDrop
}
