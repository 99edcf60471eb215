namespace Refinery.Tests.Conformance;

/// <summary>The step queue, the event graph and the builds answer as their documents promise, judged by cases that know nothing of this code.</summary>
public sealed class OtherCases
{
    [ConformanceTheory]
    [InlineData("fleetq")]
    [InlineData("leviathan")]
    [InlineData("builds")]
    public async Task Every_case_passes(string system)
    {
        await using var host = await RefineryHost.StartAsync(("LEVIATHAN_CONTROL_PLANE_TOKEN", "secret"));

        var (code, output) = await PythonChild.RunAsync(
            ConformanceFolder.File("others_runner.py"), ConformanceFolder.File("others.jsonl"), host.Http.BaseAddress!.ToString(), "secret", system);

        Assert.True(code == 0, output);
        Assert.DoesNotContain("\n0 passed", "\n" + output, StringComparison.Ordinal);
    }
}
