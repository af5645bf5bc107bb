package python

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// oracle is a CPython that prints the trees of what it is given.
type oracle struct {
	in  io.WriteCloser
	out *bufio.Reader
}

func startOracle(t testing.TB, python string) *oracle {
	cmd := exec.Command(python, "testdata/oracle.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &oracle{in, bufio.NewReaderSize(out, 1<<20)}
}

func (o *oracle) tree(source []byte) (string, error) {
	if _, err := fmt.Fprintf(o.in, "%d\n", len(source)); err != nil {
		return "", err
	}
	if _, err := o.in.Write(source); err != nil {
		return "", err
	}
	line, err := o.out.ReadString('\n')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(line[:len(line)-1])
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	_, err = io.ReadFull(o.out, b)
	return string(b), err
}
