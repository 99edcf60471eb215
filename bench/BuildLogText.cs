using System.Text;

namespace Refinery.Bench;

/// <summary>Writes build logs as pip and a C compiler write them: a few common phrases among names, paths and digests that are new in every log.</summary>
internal sealed class BuildLogText(int seed)
{
    private static readonly string[] Warnings = ["unused variable", "comparison of integer expressions of different signedness", "implicit declaration of function", "pointer targets differ in signedness"];

    private readonly Random random = new(seed);
    private readonly StringBuilder text = new();

    /// <summary>A log of about so many bytes, ASCII.</summary>
    public byte[] Next(int length)
    {
        text.Clear();
        var package = Word(4, 12);
        var names = Enumerable.Range(0, 40).Select(_ => $"{Word(3, 9)}_{Word(3, 9)}").ToArray();
        while (text.Length < length)
        {
            Line(package, names[random.Next(names.Length)], names[random.Next(names.Length)]);
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>A log of 2 to 400 KB, a quarter of them long.</summary>
    public byte[] Next(Random sizes) => Next(2_000 + sizes.Next(sizes.Next(4) == 0 ? 400_000 : 60_000));

    /// <summary>"'name' declared here": the name is new in each log. Null when the log is too short for it.</summary>
    public static string? RarePart(string log)
    {
        var name = log.IndexOf("declared here in function '", log.Length / 3, StringComparison.Ordinal);
        return name < 12 ? null : log[(name - 12)..(name + 4)];
    }

    private void Line(string package, string file, string name)
    {
        _ = random.Next(12) switch
        {
            0 => text.Append($"  Downloading {package}-{random.Next(9)}.{random.Next(99)}.tar.gz ({random.Next(9000)} kB) --hash=sha256:{Hex(32)}"),
            1 or 2 => text.Append($"  copying src/{package}/{file}.py -> build/lib.linux-x86_64-cpython-312/{package}/{file}.py"),
            3 or 4 or 5 => text.Append($"  gcc -fno-strict-overflow -Wsign-compare -DNDEBUG -g -O2 -Wall -fPIC -I/usr/include/python3.12 -I/tmp/{Word(8, 8)}/include -c src/{file}.c -o build/temp.linux-x86_64-cpython-312/src/{file}.o"),
            6 or 7 => text.Append($"  src/{file}.c:{random.Next(4000)}:{random.Next(80)}: warning: {Warnings[random.Next(Warnings.Length)]} '{name}' [-Wunused]"),
            8 => text.Append($"  {random.Next(5000)} |     {name} = {Word(3, 9)}({Word(2, 6)}, 0x{Hex(4)});"),
            9 => text.Append("      |         ^~~~~~~~~~~~~~~~~~"),
            10 => text.Append($"  note: '{name}' declared here in function '{Word(4, 14)}'"),
            _ => text.Append($"  error: subprocess exited with {random.Next(3)}: {Word(3, 8)} {Word(3, 8)} {Word(3, 8)} at {Hex(8)}"),
        };
        text.Append('\n');
    }

    /// <summary>A word of so many random letters.</summary>
    public string Word(int least, int most) =>
        string.Create(random.Next(least, most + 1), random, static (letters, chance) =>
        {
            foreach (ref var letter in letters)
            {
                letter = (char)('a' + chance.Next(26));
            }
        });

    private string Hex(int bytes) => string.Create(2 * bytes, random, static (digits, chance) => chance.GetHexString(digits, lowercase: true));
}
