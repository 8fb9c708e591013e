//go:build shots

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Where the pictures go, seen from this package: shots is for looking at and
// ignored by git, pictures are those of README.
const (
	shots    = "../../shots"
	pictures = "../../docs/pictures"
)

// TestShots is no test: `make shots` runs it to render every page and state,
// wide and narrow, light and dark.
func TestShots(t *testing.T) {
	if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{1440, 390} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			walk(t, width, 900, func(b *tab, name string) {
				for _, scheme := range []string{"dark", "light"} {
					b.media(scheme)
					b.picture(filepath.Join(shots, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), width)
				}
				b.size(width, 900)
			})
		})
	}
}

// TestPictures renders the two pictures of README.
func TestPictures(t *testing.T) {
	b := start(t).tab()
	b.media("light")
	b.size(1440, 900)
	b.signIn("admin", password)
	b.awaitReading()
	b.open(users)
	b.shoot(filepath.Join(pictures, "users.png"))
	b.open(users + "/ci-deploy-prod")
	b.sees("Access keys (2)")
	b.size(1440, 1100)
	b.shoot(filepath.Join(pictures, "user.png"))
}

// picture shows the whole page, however long, up to what one can look at.
func (b *tab) picture(file string, width int64) {
	b.t.Helper()
	height := eval[int64](b, "document.documentElement.scrollHeight")
	b.size(width, min(max(height, 900), 4000))
	b.shoot(file)
}

func (b *tab) shoot(file string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, shot.Data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
