using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Fleet;
using Refinery.Kernel.Work;
using Refinery.Tests.Chaos;
using Refinery.Tests.Kernel.Storage;

namespace Refinery.Tests.Fleet;

/// <summary>How Postgres finds the steps that a group asks for. Its plans are kept, so one that is made while few wait must be good when very many do.</summary>
public sealed class StepPlanTests
{
    [Theory]
    [InlineData(StepStore.Head)]
    [InlineData(StepStore.Ready)]
    public async Task What_stands_first_is_read_in_order_and_not_sorted_before_the_server_has_counted_the_rows(string text)
    {
        using var books = new TemporaryFolder();
        await using var host = await RefineryHost.StartAsync(books, _ => { }, ("POSTGRES_DSN", PostgresEngine.ConnectionStringOf(books)), ("LOCAL_WORKER", "0"));
        NewStep[] steps = [.. Enumerable.Repeat(new NewStep { Type = FleetCalls.Elsewhere, Args = JsonSerializer.SerializeToElement(new { }) }, 1000)];
        for (var page = 0; page < 18; page++)
        {
            // So many that the index of the line is a level higher than another that would need a sort.
            await host.Services.GetRequiredService<ISteps>().SubmitAsync(steps, CancellationToken.None);
        }

        var plan = string.Join('\n', await host.Database.WriteAsync(
            sql => sql.QueryAsync<string>($"EXPLAIN {text}", new { Type = FleetCalls.Elsewhere, Priority = 0, Limit = 10 }), CancellationToken.None));

        Assert.Contains("using steps_waiting", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
    }
}
