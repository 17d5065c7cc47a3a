// Package onnxruntime_go is what flow.go uses of github.com/yalue/onnxruntime_go 1.21, by its
// signatures alone: nothing runs.
package onnxruntime_go

type Shape []int64

func NewShape(dimensions ...int64) Shape { return Shape(dimensions) }

type Value interface {
	Destroy() error
}

type TensorData interface {
	~float32 | ~float64 | ~int64
}

type Tensor[T TensorData] struct{}

func NewTensor[T TensorData](s Shape, data []T) (*Tensor[T], error) { panic("a stub") }

func (t *Tensor[T]) Destroy() error { panic("a stub") }

func (t *Tensor[T]) GetData() []T { panic("a stub") }

type Scalar[T TensorData] struct{}

func NewScalar[T TensorData](data T) (*Scalar[T], error) { panic("a stub") }

func (s *Scalar[T]) Destroy() error { panic("a stub") }

type SessionOptions struct{}

type DynamicAdvancedSession struct{}

func NewDynamicAdvancedSession(path string, inputs, outputs []string, options *SessionOptions) (*DynamicAdvancedSession, error) {
	panic("a stub")
}

func (s *DynamicAdvancedSession) Run(inputs, outputs []Value) error { panic("a stub") }

func SetSharedLibraryPath(path string) {}

func InitializeEnvironment(options ...int) error { panic("a stub") }

func DestroyEnvironment() error { panic("a stub") }
