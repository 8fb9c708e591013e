package shelf_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"keydesk/web/db"
	"keydesk/web/db/dbtest"
	"keydesk/web/shelf"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Run(m)) }

func TestShelfKeepsTheLastOfEachName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, url string) {
		ctx := context.Background()
		d, err := db.Open(ctx, url)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		s := shelf.New(d)
		if data, err := s.Load(ctx, "aws"); data != nil || err != nil {
			t.Fatalf("an empty shelf holds %q, %v", data, err)
		}
		large := bytes.Repeat([]byte{0, 255, '\'', '\n'}, 1<<19)
		for _, save := range []struct {
			name string
			data []byte
		}{{"aws", []byte("first")}, {"local", []byte("other")}, {"aws", large}} {
			if err := s.Save(ctx, save.name, save.data); err != nil {
				t.Fatal(err)
			}
		}
		if data, err := s.Load(ctx, "aws"); err != nil || !bytes.Equal(data, large) {
			t.Errorf("%d bytes, want %d, %v", len(data), len(large), err)
		}
		if data, _ := s.Load(ctx, "local"); string(data) != "other" {
			t.Errorf("%q", data)
		}
	})
}
