package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/motcua/motcua/channels/webpush"
	"github.com/motcua/motcua/internal/admin"
	"github.com/motcua/motcua/internal/secret"
	"github.com/motcua/motcua/internal/store"
	"github.com/motcua/motcua/internal/store/mongo"
)

func secretsCommand(r *runtime) *cobra.Command {
	return group("secrets", "The keyset that seals personal data and signs tokens and addresses", &cobra.Command{
		Use: "generate FILE", Short: "Make a new keyset. Without it the data of its city stays sealed for ever: keep a copy apart from the backups", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := secret.Generate(false)
			if err != nil {
				return err
			}
			return r.writeKeyset(args[0], data)
		},
	}, rotateCommand(r), &cobra.Command{
		Use: "vapid", Short: "Make the key pair by which push services know the city (channels.webpush). With another pair every browser has to subscribe again", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			public, private, err := webpush.GenerateKeys()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(r.stdout, "MOTCUA_CHANNELS__WEBPUSH__VAPID_PUBLIC_KEY=%s\nMOTCUA_CHANNELS__WEBPUSH__VAPID_PRIVATE_KEY=%s\n", public, private)
			return err
		},
	})
}

func rotateCommand(r *runtime) *cobra.Command {
	var leaked bool
	cmd := &cobra.Command{
		Use: "rotate FILE NEW-FILE", Short: "Make a keyset with new keys; what the old ones sealed stays readable", Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			old, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			change := secret.Rotate
			if leaked {
				change = secret.Replace
			}
			data, err := change(old)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return r.writeKeyset(args[1], data)
		},
	}
	cmd.Flags().BoolVar(&leaked, "leaked", false, "others may have read FILE: replace every key at once. Signed links and web chats end; stop every replica before NEW-FILE comes into use")
	return cmd
}

func (r *runtime) writeKeyset(path string, data []byte) error {
	if err := writeOnce(path, data); err != nil {
		return err
	}
	fmt.Fprintf(r.stdout, "%s written. Keep a copy apart from the backups: without it the personal data of its city cannot be read\n", path)
	return nil
}

func staffCommand(r *runtime) *cobra.Command {
	return group("staff", "Officers, dispatchers and administrators", staffAdd(r), staffRemove(r), staffList(r))
}

func staffAdd(r *runtime) *cobra.Command {
	var m admin.Member
	cmd := &cobra.Command{
		Use: "add", Short: "Make the owner of a phone number a member of staff, or change roles and unit", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.operate(cmd.Context(), func(ctx context.Context, c *admin.Client) error {
				made, err := c.AddStaff(ctx, m)
				if err != nil {
					return err
				}
				return r.table("PHONE\tNAME\tROLES\tUNIT", []string{staffLine(made)})
			})
		},
	}
	cmd.Flags().StringVar(&m.Phone, "phone", "", "mobile number")
	cmd.Flags().StringVar(&m.Name, "name", "", "name, when the account is new")
	cmd.Flags().StringSliceVar(&m.Roles, "role", nil, "officer, dispatcher or administrator; may be given several times")
	cmd.Flags().StringVar(&m.Unit, "unit", "", "unit that an officer works for (see motcua check --units)")
	return required(cmd, "phone", "role")
}

func staffRemove(r *runtime) *cobra.Command {
	var phone string
	cmd := &cobra.Command{
		Use: "remove", Short: "Take all roles from the owner of a phone number, from the next request on. The account stays a citizen's", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.operate(cmd.Context(), func(ctx context.Context, c *admin.Client) error { return c.RemoveStaff(ctx, phone) })
		},
	}
	cmd.Flags().StringVar(&phone, "phone", "", "mobile number")
	return required(cmd, "phone")
}

func staffList(r *runtime) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List members of staff", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.operate(cmd.Context(), func(ctx context.Context, c *admin.Client) error {
				members, err := c.ListStaff(ctx)
				if err != nil {
					return err
				}
				lines := make([]string, len(members))
				for i, m := range members {
					lines[i] = staffLine(m)
				}
				return r.table("PHONE\tNAME\tROLES\tUNIT", lines)
			})
		},
	}
}

// required marks flags of cmd that must be given.
func required(cmd *cobra.Command, flags ...string) *cobra.Command {
	for _, name := range flags {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // the flag is declared by the caller
		}
	}
	return cmd
}

func staffLine(m admin.Member) string {
	return strings.Join([]string{m.Phone, m.Name, strings.Join(m.Roles, ","), m.Unit}, "\t")
}

func outboxCommand(r *runtime) *cobra.Command {
	var state, lane, after string
	var first int
	list := &cobra.Command{
		Use: "list", Short: "List intents, the longest waiting first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.operate(cmd.Context(), func(ctx context.Context, c *admin.Client) error {
				page, err := c.ListOutbox(ctx, state, lane, first, after)
				if err != nil {
					return err
				}
				lines := make([]string, len(page.Items))
				for i, e := range page.Items {
					lines[i] = fmt.Sprintf("%s\t%s\t%s\t%s\t%d\t%s", e.ID, e.Lane, e.Kind, e.Since.Format(time.RFC3339), e.Attempts, e.Reason)
				}
				err = r.table("ID\tLANE\tKIND\tSINCE\tATTEMPTS\tREASON", lines)
				if page.Next != "" {
					fmt.Fprintln(r.stdout, "more: --after "+page.Next)
				}
				return err
			})
		},
	}
	list.Flags().StringVar(&state, "state", "dead", "waiting, done or dead")
	list.Flags().StringVar(&lane, "lane", "", "codes, urgent, normal or bulk; all when not given")
	list.Flags().IntVar(&first, "first", 50, "at most this many")
	list.Flags().StringVar(&after, "after", "", "go on behind this cursor")
	return group("outbox", "Stored intents: what waits to be sent, what was given up", list, &cobra.Command{
		Use: "retry ID", Short: "Try an intent again that was given up", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.operate(cmd.Context(), func(ctx context.Context, c *admin.Client) error { return c.Retry(ctx, args[0]) })
		},
	})
}

func statsCommand(r *runtime) *cobra.Command {
	return group("stats", "Roll-ups: how many reports stand where", &cobra.Command{
		Use: "rebuild", Short: "Recompute the roll-ups from the reports, compare, and set right what differs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.operate(cmd.Context(), func(ctx context.Context, c *admin.Client) error {
				bar := r.bar(-1, "reports")
				drift, err := c.Rebuild(ctx, func(done, _ int) { _ = bar.Set(done) }) // a bar that cannot be drawn is no error
				_ = bar.Clear()
				if err != nil {
					return err
				}
				fmt.Fprintf(r.stdout, "%d slots recomputed, %d were wrong, %d were busy\n", drift.Slots, drift.Wrong, drift.Busy)
				for _, d := range drift.Details {
					fmt.Fprintln(r.stdout, "  "+d)
				}
				return nil
			})
		},
	})
}

func backupCommand(r *runtime) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write documents and media into one file; it names the keyset that it needs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return r.backup(cmd.Context(), args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the file when it exists")
	return cmd
}

// backup writes the file, which appears whole or not at all.
func (r *runtime) backup(ctx context.Context, file string, force bool) error {
	if err := mayWrite(file, force); err != nil {
		return err
	}
	part := file + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	bar := r.bar(-1, "writing", progressbar.OptionShowBytes(true))
	err = r.operate(ctx, func(ctx context.Context, c *admin.Client) error {
		return c.Backup(ctx, io.MultiWriter(f, bar))
	})
	_ = bar.Clear() // a bar that cannot be drawn is no error
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, file); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	fmt.Fprintf(r.stdout, "%s written. It can be restored only together with this city's keyset\n", file)
	return nil
}

// mayWrite refuses a file that exists, unless it may be replaced. What is no file, such as a folder, may not.
func mayWrite(file string, force bool) error {
	info, err := os.Lstat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name a file", file)
	case force:
		return nil
	}
	return fmt.Errorf("%s exists: --force replaces it", file)
}

func restoreCommand(r *runtime) *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Read a backup into an empty, stopped city", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := r.load(tool)
			if err != nil {
				return err
			}
			if err := s.mustBeStopped(cmd.Context()); err != nil {
				return err
			}
			z, err := zip.OpenReader(args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			defer z.Close()
			return s.restore(cmd.Context(), args[0], &z.Reader, func(line string) { fmt.Fprintln(r.stdout, "restored "+line) })
		},
	}
}

func (s *settings) mustBeStopped(ctx context.Context) error {
	client, err := s.dial(ctx)
	if err == nil && client != nil {
		return errors.New("the city is running: stop it first")
	}
	return err
}

func storeCommand(r *runtime) *cobra.Command {
	var to, database string
	copyCmd := &cobra.Command{
		Use: "copy", Short: "Copy a stopped city from the embedded store to MongoDB, and check counts and hashes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.copyStore(cmd.Context(), to, database) },
	}
	copyCmd.Flags().StringVar(&to, "to", "", "mongodb:// address to copy to")
	copyCmd.Flags().StringVar(&database, "database", "motcua", "database to copy to")
	return group("store", "The documents as a whole", required(copyCmd, "to"))
}

// copyStore opens the whole city first, because the parts declare the kinds that there are.
func (r *runtime) copyStore(ctx context.Context, to, database string) (err error) {
	s, err := r.load(tool)
	if err != nil {
		return err
	}
	if s.MongoDB.URI != "" {
		return errors.New("mongodb.uri: must be empty: the city to copy is the one in data_dir")
	}
	if _, err := os.Stat(filepath.Join(s.DataDir, s.SQLite.File)); err != nil {
		return fmt.Errorf("data_dir: there is no city: %w", err)
	}
	if err := s.mustBeStopped(ctx); err != nil {
		return err
	}
	sys, err := open(ctx, s, tool, r.quiet(), "")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.close()) }()
	kinds, err := kindsOf(sys.engine)
	if err != nil {
		return err
	}
	target := s.MongoDB
	target.URI, target.Database = to, database
	dst, err := mongo.Open(ctx, target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	return r.copyTo(ctx, sys.engine, dst, kinds)
}

func (r *runtime) copyTo(ctx context.Context, from, to store.Engine, kinds []store.Kind) error {
	bar := r.bar(-1, "")
	report, err := store.Copy(ctx, from, to, kinds, func(kind string, done, total int) {
		if int(bar.GetMax()) != total {
			bar.ChangeMax(total)
		}
		bar.Describe(kind)
		_ = bar.Set(done) // a bar that cannot be drawn is no error
	})
	_ = bar.Clear()
	if err != nil {
		return err
	}
	lines := make([]string, len(report.Kinds))
	for i, k := range report.Kinds {
		lines[i] = fmt.Sprintf("%s\t%d\t%.16s", k.Kind, k.Documents, k.Hash)
	}
	slices.Sort(lines)
	if err := r.table("KIND\tDOCUMENTS\tHASH", lines); err != nil {
		return err
	}
	fmt.Fprintf(r.stdout, "%d documents copied; counts and hashes agree\n", report.Documents())
	return nil
}

// bar draws progress on standard error when that is a terminal. max -1 means that the end is not known.
func (r *runtime) bar(max int64, what string, more ...progressbar.Option) *progressbar.ProgressBar {
	options := []progressbar.Option{progressbar.OptionSetWriter(r.stderr), progressbar.OptionSetVisibility(isTerminal(r.stderr)), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
		progressbar.OptionSetRenderBlankState(false), progressbar.OptionSetSpinnerChangeInterval(0)} // its own ticker races with updates
	return progressbar.NewOptions64(max, append(options, more...)...)
}

// isTerminal tells whether somebody may be watching w, so that what is redrawn does not fill a log.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// table prints aligned columns.
func (r *runtime) table(head string, lines []string) error {
	w := tabwriter.NewWriter(r.stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, head)
	for _, l := range lines {
		fmt.Fprintln(w, l)
	}
	return w.Flush()
}
