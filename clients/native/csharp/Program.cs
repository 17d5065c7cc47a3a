// Samples and densities from C#: see the Makefile.
using System;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;

static class Flow
{
    [DllImport("flow")]
    static extern void flow_log_prob(float[] x, float[] context, [Out] float[] logProb, UIntPtr n);

    [DllImport("flow")]
    static extern void flow_sample(long seed, long firstRow, float[] context, [Out] float[] x, [Out] float[] logProb, UIntPtr n);

    /// The log-density of each row of x.
    public static float[] LogProb(float[] x, float[] context, int rows)
    {
        var found = new float[rows];
        flow_log_prob(x, context, found, (UIntPtr)rows);
        return found;
    }

    /// Rows, and their log-densities.
    public static float[] Sample(long seed, long firstRow, float[] context, int rows, int columns, out float[] logProb)
    {
        var x = new float[rows * columns];
        logProb = new float[rows];
        flow_sample(seed, firstRow, context, x, logProb, (UIntPtr)rows);
        return x;
    }
}

static class Program
{
    static string[] words;
    static int at;

    static float Number() => float.Parse(words[at++], CultureInfo.InvariantCulture);
    static long Integer() => long.Parse(words[at++], CultureInfo.InvariantCulture);

    static void Row(float[] values, int row, int width)
    {
        for (var i = 0; i < width; i++) values[row * width + i] = Number();
    }

    static bool Same(float[] found, float[] expected, double tolerance)
    {
        for (var i = 0; i < expected.Length; i++)
        {
            double a = found[i], b = expected[i];
            var equal = a == b || (double.IsNaN(a) && double.IsNaN(b));
            if (!equal && !(Math.Abs(a - b) <= tolerance * (1 + Math.Abs(b)))) return false;
        }
        return true;
    }

    static int Main(string[] arguments)
    {
        words = File.ReadAllText(arguments[0]).Split((char[])null, StringSplitOptions.RemoveEmptyEntries);
        int columns = (int)Integer(), variables = (int)Integer();

        var tolerance = Number();
        var rows = (int)Integer();
        float[] x = new float[rows * columns], context = new float[rows * variables], density = new float[rows];
        for (var i = 0; i < rows; i++)
        {
            Row(x, i, columns);
            Row(context, i, variables);
            Row(density, i, 1);
        }
        var right = Same(Flow.LogProb(x, context, rows), density, tolerance);

        tolerance = Number();
        rows = (int)Integer();
        long seed = Integer(), firstRow = Integer();
        x = new float[rows * columns];
        context = new float[rows * variables];
        density = new float[rows];
        for (var i = 0; i < rows; i++)
        {
            Row(context, i, variables);
            Row(x, i, columns);
            Row(density, i, 1);
        }
        float[] found;
        var drawn = Flow.Sample(seed, firstRow, context, rows, columns, out found);
        right = right && Same(drawn, x, tolerance) && Same(found, density, tolerance);
        Console.WriteLine(right ? "ok" : "differs");
        return right ? 0 : 1;
    }
}
