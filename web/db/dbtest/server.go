package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server that listens on a socket file only and keeps
// nothing: it does not wait for the disk.
type Server struct {
	folder, data string
	cmd          *exec.Cmd
	done         chan error
	databases    atomic.Int64
}

// patience is how long a server may take to start or stop on a busy machine.
const patience = time.Minute

// Start starts a server in a new folder, as user postgres where the tests run as
// root, whom PostgreSQL refuses.
func Start() (*Server, error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "keydesk-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, data: filepath.Join(folder, "data"), done: make(chan error, 1)}
	if err := s.start(initdb); err != nil {
		return nil, errors.Join(fmt.Errorf("starting PostgreSQL: %w", err), os.RemoveAll(folder))
	}
	return s, nil
}

func (s *Server) start(initdb string) error {
	attributes, err := unprivileged(s.folder)
	if err != nil {
		return err
	}
	// A language's sorting, unlike C's, shows where a query relies on byte order.
	setup := exec.Command(initdb, "-D", s.data, "-U", "postgres", "-A", "trust", "--no-sync",
		"--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US")
	setup.Dir, setup.SysProcAttr = s.folder, attributes
	if out, err := setup.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = exec.Command(filepath.Join(filepath.Dir(initdb), "postgres"), "-D", s.data, "-k", s.folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	s.cmd.Dir, s.cmd.SysProcAttr, s.cmd.Stdout, s.cmd.Stderr = s.folder, attributes, log, log
	started := make(chan error)
	go func() {
		// The server is to end with the thread that started it (see unprivileged): that
		// thread stays until it has.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.done <- s.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	return s.await()
}

// await waits until the server lets somebody in.
func (s *Server) await() error {
	deadline := time.Now().Add(patience)
	for {
		err := s.run("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case ended := <-s.done:
			log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return fmt.Errorf("the server ended: %v\n%s", ended, log)
		case <-time.After(20 * time.Millisecond): // between two tries
		}
		if time.Now().After(deadline) {
			return errors.Join(err, s.cmd.Process.Kill())
		}
	}
}

// Stop ends the server and removes what it has written.
func (s *Server) Stop() error {
	err := s.cmd.Process.Signal(os.Interrupt) // throws connections out
	select {
	case ended := <-s.done:
		err = errors.Join(err, ended)
	case <-time.After(patience):
		err = errors.Join(err, errors.New("PostgreSQL did not stop"), s.cmd.Process.Kill())
	}
	return errors.Join(err, os.RemoveAll(s.folder))
}

// Database makes an empty database, dropped after the test, and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("keydesk_%d", s.databases.Add(1))
	if err := s.run("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return s.URL("postgres", name)
}

// URL names a database as a role sees it.
func (s *Server) URL(role, database string) string {
	return fmt.Sprintf("postgres://%s@/%s?%s", role, database, url.Values{"host": {s.folder}, "sslmode": {"disable"}}.Encode())
}

func (s *Server) run(query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL("postgres", "postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, query)
	return errors.Join(err, conn.Close(ctx))
}

// program finds one of the server's programs, which Debian keeps off the PATH.
func program(name string) (string, error) {
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	slices.Sort(installed)
	if len(installed) > 0 {
		return installed[len(installed)-1], nil
	}
	if path, err := exec.LookPath(name); err == nil {
		return filepath.EvalSymlinks(path)
	}
	return "", fmt.Errorf("no PostgreSQL server found (%s): run `make test`, which installs one, or put it on the PATH", name)
}
