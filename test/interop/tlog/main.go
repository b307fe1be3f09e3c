// Checks what Tenure signs and proves with the libraries of the Go checksum database, which knows nothing of Tenure.
// Reads one JSON document from standard input, and exits with 1 if anything is not accepted.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type record struct {
	Index int64
	Leaf  string
	Proof []string
}

type input struct {
	Key     string
	Notes   []string
	Records []record
	// Proofs that each signed tree begins with the one before it.
	Trees [][]string
}

type tree struct {
	size int64
	root tlog.Hash
}

func hashOf(text string) (hash tlog.Hash) {
	bytes, err := base64.StdEncoding.DecodeString(text)
	require(err)
	copy(hash[:], bytes)
	return hash
}

func hashesOf(texts []string) []tlog.Hash {
	hashes := []tlog.Hash{}
	for _, text := range texts {
		hashes = append(hashes, hashOf(text))
	}
	return hashes
}

func require(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func open(text string, verifier note.Verifier) tree {
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	require(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		require(fmt.Errorf("the origin is %q, but the key is that of %q", lines[0], verifier.Name()))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	require(err)
	return tree{size, hashOf(lines[2])}
}

func main() {
	var given input
	require(json.NewDecoder(os.Stdin).Decode(&given))
	verifier, err := note.NewVerifier(given.Key)
	require(err)
	trees := []tree{}
	for _, text := range given.Notes {
		trees = append(trees, open(text, verifier))
	}
	head := trees[len(trees)-1]
	for _, one := range given.Records {
		leaf := tlog.RecordHash([]byte(one.Leaf))
		require(tlog.CheckRecord(hashesOf(one.Proof), head.size, head.root, one.Index, leaf))
	}
	for at, proof := range given.Trees {
		before, after := trees[at], trees[at+1]
		require(tlog.CheckTree(hashesOf(proof), after.size, after.root, before.size, before.root))
	}
	fmt.Printf("%d notes, %d records, %d trees\n", len(trees), len(given.Records), len(given.Trees))
}
