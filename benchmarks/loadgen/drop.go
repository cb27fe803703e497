package main

import "errors"

// runDrop makes the system forget what it keeps of the files below -folder. Pages that a process has mapped stay, so the
// broker has to be stopped.
func runDrop(options Options) error {
	if options.folder == "" {
		return errors.New("drop needs a -folder")
	}
	dropped, err := dropFolder(options.folder)
	if err != nil {
		return err
	}
	printJSON(map[string]any{"bytes": dropped})
	return nil
}
