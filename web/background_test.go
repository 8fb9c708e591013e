package web_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"keydesk/web"
	"keydesk/web/db"
	"keydesk/web/shelf"
)

// What is still written when the supervisor says stop is written, and the
// database is closed after it.
func TestBackgroundEndsBeforeTheDatabaseCloses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "keydesk.db")
	database, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	ctx, terminate := context.WithCancel(t.Context())
	background := web.NewBackground(ctx)
	var saved error
	background.Go(func(ctx context.Context) {
		<-ctx.Done()
		saved = shelf.New(database).Save(context.WithoutCancel(ctx), "account", make([]byte, 1<<20))
	})
	terminate()
	if err := errors.Join(background.Stop(), database.Close(), saved); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log is left behind (%v)", err)
	}
	again, err := db.Open(t.Context(), "sqlite:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if data, err := shelf.New(again).Load(t.Context(), "account"); err != nil || len(data) != 1<<20 {
		t.Errorf("%d bytes were kept (%v)", len(data), err)
	}
}

// A part that does not end must not keep the process from ending.
func TestBackgroundIsNotWaitedForForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		background := web.NewBackground(t.Context())
		stuck := make(chan struct{})
		background.Go(func(context.Context) { <-stuck })
		began := time.Now()
		if err := background.Stop(); err == nil {
			t.Error("Stop says that everything has ended")
		}
		if waited := time.Since(began); waited > 20*time.Second {
			t.Errorf("waited %s", waited)
		}
		close(stuck)
	})
}
