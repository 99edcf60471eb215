using Refinery.Bench;

// One scenario a file; each prints one line with its settings: dotnet run -c Release --project bench -- <scenario> [settings]
var scenarios = new Dictionary<string, Func<string[], Task>>(StringComparer.Ordinal)
{
    ["submit"] = Submit.RunAsync,
    ["submit-arrays"] = SubmitArrays.RunAsync,
    ["claim-complete"] = ClaimComplete.RunAsync,
    ["append"] = Append.RunAsync,
    ["recent"] = Recent.RunAsync,
    ["graph"] = Graph.RunAsync,
    ["builds"] = Builds.RunAsync,
    ["pickup"] = Pickup.RunAsync,
    ["orphans"] = Orphans.RunAsync,
    ["start"] = Start.RunAsync,
    ["logs"] = LogSearch.RunAsync,
    ["log-search"] = LogSearchHttp.RunAsync,
    ["log-live"] = LogLive.RunAsync,
    ["file-queue"] = FileQueue.RunAsync,
    ["hint-match"] = HintMatch.RunAsync,
    ["postgres"] = OnPostgres.RunAsync,
};

if (args is not [var name, .. var settings] || !scenarios.TryGetValue(name, out var scenario))
{
    await Console.Error.WriteLineAsync($"A scenario is expected: {string.Join(", ", scenarios.Keys)}.");
    return 1;
}

await scenario(settings);
return 0;
