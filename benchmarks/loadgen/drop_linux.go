package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const dontNeed = 4

// dropFolder syncs each file, so that all its pages are clean, and advises the system to drop them.
func dropFolder(folder string) (int64, error) {
	total := int64(0)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := dropPages(file); err != nil {
			return err
		}
		var stat syscall.Stat_t
		if err := syscall.Fstat(int(file.Fd()), &stat); err != nil {
			return err
		}
		total += stat.Blocks * 512
		return nil
	})
	return total, err
}

// dropFiles advises the system to drop the clean pages of files that nobody writes to any more.
func dropFiles(paths []string) error {
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		err = dropPages(file)
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func dropPages(file *os.File) error {
	if _, _, number := syscall.Syscall6(syscall.SYS_FADVISE64, file.Fd(), 0, 0, dontNeed, 0, 0); number != 0 {
		return fmt.Errorf("%s: %w", file.Name(), number)
	}
	return nil
}
