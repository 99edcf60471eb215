using System.Diagnostics;

namespace Refinery.Tests.Fleet;

/// <summary>The client programs that docs/spec/fleet-q.md shows run as they stand there: not a character is changed.</summary>
public sealed class SeedClientTests
{
    /// <summary>Stands in for httpx where it is not installed, over the standard library; and sends what goes to the documented address to the host.</summary>
    private const string Httpx = """
        import json, os, urllib.error, urllib.request

        class HTTPStatusError(Exception):
            pass

        class Response:
            def __init__(self, status_code, content):
                self.status_code, self.content = status_code, content
            def raise_for_status(self):
                if self.status_code >= 400:
                    raise HTTPStatusError(f"{self.status_code}: {self.content!r}")
            def json(self):
                return json.loads(self.content)

        class Client:
            def __init__(self, base_url=""):
                self.base_url = base_url.replace("http://localhost:8000", os.environ["FLEET_Q_URL"])
            def request(self, method, url, data=None):
                request = urllib.request.Request(self.base_url + url, data=data, method=method, headers={"Content-Type": "application/json"} if data else {})
                try:
                    with urllib.request.urlopen(request, timeout=15) as response:
                        return Response(response.status, response.read())
                except urllib.error.HTTPError as error:
                    return Response(error.code, error.read())
            def get(self, url):
                return self.request("GET", url)
            def post(self, url, json=None):
                return self.request("POST", url, __import__("json").dumps(json).encode())
        """;

    private const string PythonRun = """
        import os, runpy
        told = runpy.run_path(os.environ["FLEET_Q_PROGRAM"])
        print(told["step_id"], told["status"]["status"], told["status"]["payload"]["args"]["file"], told["client"].get_queue_stats()["pending_steps"])
        """;

    private const string JavaScriptStart = """
        const real = globalThis.fetch;
        globalThis.fetch = async (url, options) => {
            const response = await real(String(url).replace('http://localhost:8000', process.env.FLEET_Q_URL), options);
            if (String(url).includes('/status/')) {
                const status = await response.clone().json();
                console.log(status.step_id, status.status, status.payload.args.file);
            }
            return response;
        };
        """;

    [Fact]
    public async Task The_python_client_submits_and_asks()
    {
        await using var host = await RefineryHost.StartAsync();
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("httpx.py"), Httpx);
        await File.WriteAllTextAsync(folder.File("client.py"), Program("python"));
        await File.WriteAllTextAsync(folder.File("run.py"), PythonRun);

        var (code, output) = await RunAsync("python3", [folder.File("run.py")], host, folder.File("client.py"));

        Assert.True(code == 0, output);
        Assert.Matches("^step_[0-9]{14}_[0-9a-f]{8} pending data.csv 1\n$", output);
    }

    [NodeFact]
    public async Task The_javascript_client_submits_and_asks()
    {
        await using var host = await RefineryHost.StartAsync();
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("start.mjs"), JavaScriptStart);
        await File.WriteAllTextAsync(folder.File("client.mjs"), Program("javascript"));

        var (code, output) = await RunAsync("node", ["--import", folder.File("start.mjs"), folder.File("client.mjs")], host, folder.File("client.mjs"));

        Assert.True(code == 0, output);
        Assert.Matches("^step_[0-9]{14}_[0-9a-f]{8} pending data.csv\n$", output);
    }

    /// <summary>The page's only program in a language.</summary>
    private static string Program(string language)
    {
        var page = File.ReadAllText(Path.Combine(Paths.Repository, "docs", "spec", "fleet-q.md"));
        var start = page.IndexOf($"```{language}\n", StringComparison.Ordinal) + language.Length + 4;
        return page[start..page.IndexOf("\n```", start, StringComparison.Ordinal)] + "\n";
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string[] arguments, RefineryHost host, string client)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["FLEET_Q_URL"] = host.Http.BaseAddress!.ToString().TrimEnd('/'), ["FLEET_Q_PROGRAM"] = client },
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}

/// <summary>A test that needs node 18 or later; skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':').Any(folder => File.Exists(Path.Combine(folder, "node")))
        ? null
        : "node is not installed.";
}
