package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Usage is what a process has used, as /proc tells it; zero where there is no /proc.
type Usage struct {
	cpuSeconds float64
	rss        int64
	anonymous  int64
}

// Linux reports times in units of 1/100 s on all common platforms.
const clockTicks = 100

func usageOf(pid int) Usage {
	var usage Usage
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		// The name in parentheses may hold spaces; user and system time of all threads are fields 14 and 15.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		usage.cpuSeconds = (user + system) / clockTicks
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		for _, line := range strings.Split(string(status), "\n") {
			fields := strings.Fields(line)
			if len(fields) != 3 {
				continue
			}
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			switch fields[0] {
			case "VmRSS:":
				usage.rss = kib << 10
			case "RssAnon:":
				usage.anonymous = kib << 10
			}
		}
	}
	return usage
}
