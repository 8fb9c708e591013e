package localaccount

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// stateLog is the account on disk: one line per record, each with its checksum. A change appends a line; opening
// replays them. An append costs the same in an account of 5,000 users as in one of ten, and a process that is killed
// half way leaves at most one torn last line, which was never answered for and is dropped.
type stateLog struct {
	path   string
	file   *os.File
	size   int64
	base   int64 // size after the last rewrite
	broken error // a failed write that could not be undone; nothing may follow it
}

// record is one line: the account's own data, a user as it is now, the name of a user that is gone, or the stored
// credential report. Exactly one field is set.
type record struct {
	Account *accountRecord `json:"account,omitempty"`
	User    *user          `json:"user,omitempty"`
	Deleted string         `json:"deleted,omitempty"`
	Report  *storedReport  `json:"report,omitempty"`
}

// rewriteSlack is how much outdated data the log may carry before it is rewritten.
const rewriteSlack = 16 << 20

var checksums = crc32.MakeTable(crc32.Castagnoli)

// openLog replays the log at path. A missing file gives no records: the account has not been created yet.
func openLog(path string) (*stateLog, []record, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &stateLog{path: path}, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	records, size, err := decodeRecords(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := file.Truncate(size); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return &stateLog{path: path, file: file, size: size, base: size}, records, nil
}

// decodeRecords returns the records and the length they take. Only the last line may be bad; anything else means
// that the file was changed by something other than a crash.
func decodeRecords(data []byte) (records []record, size int64, err error) {
	for n := 1; len(data) > 0; n++ {
		line, rest, complete := bytes.Cut(data, []byte("\n"))
		r, err := decodeRecord(line)
		if !complete || (err != nil && len(rest) == 0) {
			break
		}
		if err != nil {
			return nil, 0, fmt.Errorf("%w: line %d: %w", ErrDamaged, n, err)
		}
		records = append(records, r)
		size += int64(len(line)) + 1
		data = rest
	}
	return records, size, nil
}

func decodeRecord(line []byte) (r record, err error) {
	sum, body, _ := bytes.Cut(line, []byte(" "))
	if want := checksum(body); string(sum) != want {
		return r, errors.New("checksum does not match")
	}
	return r, json.Unmarshal(body, &r)
}

func encodeRecords(records []record) ([]byte, error) {
	var b bytes.Buffer
	for _, r := range records {
		body, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s %s\n", checksum(body), body)
	}
	return b.Bytes(), nil
}

func checksum(body []byte) string { return fmt.Sprintf("%08x", crc32.Checksum(body, checksums)) }

// append adds one record. Durable means that it is on the disk when append returns, not only with the kernel, which
// alone survives a killed process but not a lost machine.
func (l *stateLog) append(r record, durable bool) error {
	if l.broken != nil {
		return l.broken
	}
	line, err := encodeRecords([]record{r})
	if err != nil {
		return err
	}
	_, err = l.file.WriteAt(line, l.size)
	if err == nil && durable {
		err = l.file.Sync()
	}
	if err != nil {
		if undo := l.file.Truncate(l.size); undo != nil {
			l.broken = fmt.Errorf("state log unusable after a failed write: %w", undo)
		}
		return err
	}
	l.size += int64(len(line))
	return nil
}

func (l *stateLog) outgrown() bool { return l.size > 2*l.base+rewriteSlack }

// rewrite replaces the whole log. The new file takes the old one's name only when it is complete and on disk, so
// that there is a good log at every moment.
func (l *stateLog) rewrite(records []record) error {
	data, err := encodeRecords(records)
	if err != nil {
		return err
	}
	file, err := replaceFile(l.path, data)
	if file == nil {
		return err
	}
	if l.file != nil {
		err = errors.Join(err, l.file.Close())
	}
	l.file, l.size, l.base, l.broken = file, int64(len(data)), int64(len(data)), nil
	return err
}

func (l *stateLog) close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.file.Sync(), l.file.Close())
}

// replaceFile puts data under path, readable by the owner only, whole or not at all. The file comes back
// open whenever it stands under its name, even if the folder could not be synced.
func replaceFile(path string, data []byte) (*os.File, error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return nil, err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return file, syncFolder(filepath.Dir(path))
}
