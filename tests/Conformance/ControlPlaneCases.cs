namespace Refinery.Tests.Conformance;

/// <summary>The control plane answers as its documents promise, judged by cases that know nothing of its code.</summary>
public sealed class ControlPlaneCases
{
    [ConformanceTheory]
    [InlineData("open,clearable,smoke,backend_file,metrics_off,webhook_stub,target_known", null, false)]
    [InlineData("token,token_reads_open,webhook_stub,clearable,backend_file", "t", false)]
    [InlineData("open,clearable,smoke,backend_file,metrics_on,webhook_stub", null, true)]
    public async Task Every_case_passes(string have, string? token, bool metrics)
    {
        await using var stub = await StubProcess.StartAsync();
        (string, string)[] settings =
        [
            ("WORKER_WEBHOOK_URL", $"{stub.Url}/trigger"), ("LEVIATHAN_CONTROL_PLANE_TOKEN", "secret"), ("FeatureManagement:Metrics", metrics ? "true" : "false"),
            .. token is null ? Array.Empty<(string, string)>() : [("WORKER_TOKEN", token)],
        ];
        await using var host = await RefineryHost.StartAsync(settings);

        var (code, output) = await PythonChild.RunAsync(
            ConformanceFolder.File("refinery_runner.py"), host.Http.BaseAddress!.ToString(), "--stub", stub.Url, "--have", have,
            "--var", "STRATEGY=pinned", "--var", $"WORKER_TOKEN={token}");

        Assert.True(code == 0, output);
        Assert.DoesNotContain("\n0 passed", "\n" + output, StringComparison.Ordinal);
    }
}
