import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Scanner;

/** Samples and densities from Java, over the few lines of JNI in flow_jni.c: see the Makefile. */
public final class Flow {
  static {
    System.loadLibrary("flow_jni");
  }

  /** The log-density of each row of x. */
  public static native void logProb(float[] x, float[] context, float[] logProb);

  /** A row for each place in `logProb`, with its log-density. */
  public static native void sample(long seed, long firstRow, float[] context, float[] x, float[] logProb);

  private static boolean same(float[] found, float[] expected, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      double a = found[i], b = expected[i];
      boolean equal = a == b || Double.isNaN(a) && Double.isNaN(b);
      if (!equal && !(Math.abs(a - b) <= tolerance * (1 + Math.abs(b)))) return false;
    }
    return true;
  }

  private static float number(Scanner words) {
    return Float.parseFloat(words.next());
  }

  private static void row(Scanner words, float[] values, int row, int width) {
    for (int i = 0; i < width; i++) values[row * width + i] = number(words);
  }

  public static void main(String[] arguments) throws Exception {
    Scanner words = new Scanner(Files.readString(Path.of(arguments[0])));
    int columns = words.nextInt(), variables = words.nextInt();

    double tolerance = Double.parseDouble(words.next());
    int rows = words.nextInt();
    float[] x = new float[rows * columns], context = new float[rows * variables], density = new float[rows];
    for (int i = 0; i < rows; i++) {
      row(words, x, i, columns);
      row(words, context, i, variables);
      row(words, density, i, 1);
    }
    float[] found = new float[rows];
    logProb(x, context, found);
    boolean right = same(found, density, tolerance);

    tolerance = Double.parseDouble(words.next());
    rows = words.nextInt();
    long seed = words.nextLong(), firstRow = words.nextLong();
    x = new float[rows * columns];
    context = new float[rows * variables];
    density = new float[rows];
    for (int i = 0; i < rows; i++) {
      row(words, context, i, variables);
      row(words, x, i, columns);
      row(words, density, i, 1);
    }
    float[] drawn = new float[rows * columns];
    found = new float[rows];
    sample(seed, firstRow, context, drawn, found);
    right = right && same(drawn, x, tolerance) && same(found, density, tolerance);
    System.out.println(right ? "ok" : "differs");
    System.exit(right ? 0 : 1);
  }
}
