using Spectre.Console;

namespace Refinery.Host.Commands;

/// <summary>Shows a rebuild: a live table on a terminal, plain lines elsewhere, and the sum of it at the end.</summary>
internal abstract class RebuildView
{
    /// <summary>The view that fits standard output.</summary>
    public static RebuildView Create(IReadOnlyList<RebuildWheel> wheels) =>
        Console.IsOutputRedirected ? new PlainRebuildView(wheels) : new LiveRebuildView(wheels);

    /// <summary>Shows while the work goes on.</summary>
    public abstract Task ShowAsync(Func<Task> work);

    /// <summary>A wheel moved on.</summary>
    public abstract void Update(RebuildWheel wheel);

    /// <summary>What came of it: where the wheels are, and for each failure why and which hint fits.</summary>
    public static void Summarize(IReadOnlyList<RebuildWheel> wheels, string outputFolder)
    {
        var failed = wheels.Where(wheel => !wheel.IsGood).ToList();
        Console.WriteLine($"{Count(wheels, "built")}{Count(wheels, "reused", ", ")}, {failed.Count} failed{Count(wheels, "skipped", ", ")}; wheels and manifest.json are in {outputFolder}");
        if (failed.Count == 0)
        {
            return;
        }

        if (Console.IsOutputRedirected)
        {
            failed.ForEach(TellPlainly);
        }
        else
        {
            Tell(failed);
        }

        if (failed.Find(wheel => wheel.LogPath is not null) is { } logged)
        {
            Console.WriteLine($"The whole log of each failure is in {Path.GetDirectoryName(logged.LogPath)}");
        }
    }

    /// <summary>No line is broken, so that a command can be copied and a script can read.</summary>
    private static void TellPlainly(RebuildWheel wheel)
    {
        Console.WriteLine($"{Name(wheel)} {wheel.Status}: {wheel.Detail}");
        foreach (var hint in wheel.Hints)
        {
            Console.WriteLine($"  {Told(wheel, hint)}");
        }

        if (wheel.LogPath is { } path)
        {
            Console.WriteLine($"  log: {path}");
        }
    }

    private static void Tell(List<RebuildWheel> failed)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Failed", "Why", "Hints that fit");
        foreach (var wheel in failed)
        {
            var hints = wheel.Hints.Count == 0 ? "none" : string.Join(Environment.NewLine, wheel.Hints.Select(hint => Told(wheel, hint)));
            table.AddRow(Markup.Escape(Name(wheel)), Markup.Escape(wheel.Detail), Markup.Escape(hints));
        }

        AnsiConsole.Write(table);
    }

    private static string Name(RebuildWheel wheel) => $"{wheel.Node.Name} {wheel.Node.Version}";

    private static string Told(RebuildWheel wheel, string hint) => wheel.Remedies.TryGetValue(hint, out var remedy) ? $"{hint}: {remedy}" : hint;

    private static string Count(IReadOnlyList<RebuildWheel> wheels, string status) => $"{wheels.Count(wheel => wheel.Status == status)} {status}";

    /// <summary>Said only when there are some.</summary>
    private static string Count(IReadOnlyList<RebuildWheel> wheels, string status, string before) =>
        wheels.Any(wheel => wheel.Status == status) ? before + Count(wheels, status) : string.Empty;
}

/// <summary>One line a change.</summary>
internal sealed class PlainRebuildView(IReadOnlyList<RebuildWheel> wheels) : RebuildView
{
    public override Task ShowAsync(Func<Task> work)
    {
        foreach (var wheel in wheels)
        {
            Update(wheel);
        }

        return work();
    }

    public override void Update(RebuildWheel wheel)
    {
        var attempt = wheel.Attempt > 1 ? $" (attempt {wheel.Attempt})" : string.Empty;
        Console.WriteLine($"{wheel.Status,-9} {$"{wheel.Node.Name} {wheel.Node.Version}".Trim()}{attempt}{(wheel.Detail.Length > 0 && wheel.Status != "building" ? $": {wheel.Detail}" : string.Empty)}");
    }
}

/// <summary>A table that changes in place.</summary>
internal sealed class LiveRebuildView(IReadOnlyList<RebuildWheel> wheels) : RebuildView
{
    private LiveDisplayContext? display;

    public override Task ShowAsync(Func<Task> work) => AnsiConsole.Live(Draw()).StartAsync(async context =>
    {
        display = context;
        await work();
    });

    public override void Update(RebuildWheel wheel) => display?.UpdateTarget(Draw());

    private Table Draw()
    {
        var done = wheels.Count(wheel => wheel.IsDone);
        var table = new Table().Border(TableBorder.Rounded).Title($"{done} of {wheels.Count}").AddColumns("Package", "Version", "Status", "Detail");
        foreach (var wheel in Shown())
        {
            table.AddRow(Markup.Escape(wheel.Node.Name), Markup.Escape(wheel.Node.Version ?? "–"), Coloured(wheel), Markup.Escape(wheel.Detail));
        }

        return table;
    }

    /// <summary>What moves comes first; a table longer than the terminal would flicker.</summary>
    private IEnumerable<RebuildWheel> Shown() =>
        wheels.OrderBy(wheel => wheel.Status switch { "building" => 0, "failed" => 1, "retry" => 2, "built" or "reused" => 3, _ => 4 })
            .Take(Math.Max(5, AnsiConsole.Profile.Height - 8));

    private static string Coloured(RebuildWheel wheel) => wheel.Status switch
    {
        "built" or "reused" => $"[green]{wheel.Status}[/]",
        "failed" or "cancelled" => $"[red]{wheel.Status}[/]",
        "building" => $"[blue]building[/]{(wheel.Attempt > 1 ? $" ({wheel.Attempt})" : string.Empty)}",
        "retry" => "[yellow]retry[/]",
        _ => $"[grey]{wheel.Status}[/]",
    };
}
