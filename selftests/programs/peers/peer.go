// SPDX-License-Identifier: GPL-2.0-only
// serve DIRECTORY PORT | get URL FILE | put FILE URL
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func store(name string, from io.Reader) {
	file, err := os.Create(name)
	must(err)
	_, err = io.Copy(file, from)
	must(err)
	must(file.Close())
}

func serve(directory, port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	must(err)
	fmt.Println("ready")
	handle := func(answer http.ResponseWriter, ask *http.Request) {
		name := filepath.Join(directory, filepath.Base(ask.URL.Path))
		if ask.Method == "PUT" {
			store(name, ask.Body)
			answer.WriteHeader(http.StatusCreated)
			return
		}
		http.ServeFile(answer, ask, name)
	}
	must(http.Serve(listener, http.HandlerFunc(handle)))
}

func finish(answer *http.Response, err error) *http.Response {
	must(err)
	if answer.StatusCode >= 300 {
		log.Fatal(answer.Status)
	}
	return answer
}

func get(url, name string) {
	store(name, finish(http.Get(url)).Body)
}

func put(name, url string) {
	file, err := os.Open(name)
	must(err)
	info, err := file.Stat()
	must(err)
	ask, err := http.NewRequest("PUT", url, file)
	must(err)
	ask.ContentLength = info.Size()
	finish(http.DefaultClient.Do(ask))
}

func main() {
	what := map[string]func(string, string){
		"serve": serve, "get": get, "put": put,
	}
	what[os.Args[1]](os.Args[2], os.Args[3])
}
