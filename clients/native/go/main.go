// Samples and densities from Go: see the Makefile.
package main

// #include "flow.h"
import "C"

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

func pointer(values []float32) *C.float {
	if len(values) == 0 {
		return nil
	}
	return (*C.float)(&values[0])
}

// logProb gives the log-density of each row of x.
func logProb(x, context []float32) []float32 {
	found := make([]float32, len(x)/C.FLOW_COLUMNS)
	C.flow_log_prob(pointer(x), pointer(context), pointer(found), C.size_t(len(found)))
	return found
}

// sample draws n rows, with their log-densities.
func sample(n int, seed, firstRow int64, context []float32) (x, found []float32) {
	x, found = make([]float32, n*C.FLOW_COLUMNS), make([]float32, n)
	C.flow_sample(C.int64_t(seed), C.int64_t(firstRow), pointer(context), pointer(x), pointer(found), C.size_t(n))
	return x, found
}

func same(found, expected []float32, tolerance float64) bool {
	for i := range expected {
		a, b := float64(found[i]), float64(expected[i])
		if !(a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= tolerance*(1+math.Abs(b))) {
			return false
		}
	}
	return true
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	words := strings.Fields(string(text))
	number := func() float64 {
		value, err := strconv.ParseFloat(words[0], 64)
		if err != nil {
			panic(err)
		}
		words = words[1:]
		return value
	}
	add := func(values *[]float32, count int) {
		for ; count > 0; count-- {
			*values = append(*values, float32(number()))
		}
	}
	if number() != C.FLOW_COLUMNS || number() != C.FLOW_CONTEXT {
		panic("the vectors are those of another flow")
	}

	var x, context, density []float32
	tolerance := number()
	for rows := int(number()); rows > 0; rows-- {
		add(&x, C.FLOW_COLUMNS)
		add(&context, C.FLOW_CONTEXT)
		add(&density, 1)
	}
	right := same(logProb(x, context), density, tolerance)

	x, context, density = nil, nil, nil
	tolerance = number()
	rows := int(number())
	seed, _ := strconv.ParseInt(words[0], 10, 64)
	firstRow, _ := strconv.ParseInt(words[1], 10, 64)
	words = words[2:]
	for i := 0; i < rows; i++ {
		add(&context, C.FLOW_CONTEXT)
		add(&x, C.FLOW_COLUMNS)
		add(&density, 1)
	}
	drawn, found := sample(rows, seed, firstRow, context)
	if right && same(drawn, x, tolerance) && same(found, density, tolerance) {
		fmt.Println("ok")
	} else {
		fmt.Println("differs")
		os.Exit(1)
	}
}
