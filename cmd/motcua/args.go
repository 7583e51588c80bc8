package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// nameArguments lets a command and those below it say which argument is missing or too many, by the words of their Use lines.
func nameArguments(cmd *cobra.Command) {
	for _, below := range cmd.Commands() {
		nameArguments(below)
	}
	check := cmd.Args
	if check == nil {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		if err == nil {
			return nil
		}
		return wrongArguments(cmd, args, err)
	}
}

// wrongArguments puts err, which a count of arguments gave, into the words of the Use line: "NUMBER|CODE", "[STORY]" that can be left out, "PATH…" that can be
// repeated. A command without such words keeps err.
func wrongArguments(cmd *cobra.Command, args []string, err error) error {
	words := strings.Fields(cmd.Use)[1:]
	if len(words) == 0 {
		return err
	}
	if len(args) > len(words) {
		return fmt.Errorf("%q is too much: %s", args[len(words)], cmd.UseLine())
	}
	var missing []string
	for _, w := range words[len(args):] {
		if !strings.HasPrefix(w, "[") {
			missing = append(missing, strings.TrimSuffix(w, "…"))
		}
	}
	if len(missing) == 0 {
		return err
	}
	return fmt.Errorf("%s missing: %s", strings.Join(missing, " and "), cmd.UseLine())
}
