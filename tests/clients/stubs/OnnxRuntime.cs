// What Flow.cs uses of Microsoft.ML.OnnxRuntime 1.23, by its signatures alone: nothing runs.
using System;
using System.Collections.Generic;

namespace Microsoft.ML.OnnxRuntime
{
    public class RunOptions : IDisposable
    {
        public void Dispose() { }
    }

    public class InferenceSession : IDisposable
    {
        public InferenceSession(string modelPath) { }
        public void Dispose() { }
        public IDisposableReadOnlyCollection<OrtValue> Run(
            RunOptions options, IReadOnlyDictionary<string, OrtValue> inputs, IReadOnlyCollection<string> outputNames)
        {
            throw new NotImplementedException();
        }
    }

    public interface IDisposableReadOnlyCollection<T> : IReadOnlyCollection<T>, IReadOnlyList<T>, IDisposable { }

    public class OrtValue : IDisposable
    {
        public void Dispose() { }
        public static OrtValue CreateTensorValueFromMemory<T>(T[] data, long[] shape) where T : struct
        {
            throw new NotImplementedException();
        }
        public Span<T> GetTensorDataAsSpan<T>() where T : struct
        {
            throw new NotImplementedException();
        }
    }
}
