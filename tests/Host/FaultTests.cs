using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Refinery.Kernel.Storage;

namespace Refinery.Tests.Host;

/// <summary>What fails on our side is told by its code and nothing of its text.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task A_database_that_fails_is_a_database_error_without_its_words()
    {
        await using var host = await RefineryHost.StartAsync();
        await host.Services.GetRequiredService<Database>().WriteAsync(sql => sql.ExecuteAsync("DROP TABLE hints"), CancellationToken.None);

        using var response = await host.Http.GetAsync("/api/hints");

        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("database_error", body.GetProperty("error_type").GetString());
        Assert.Equal("The database failed; the log has the cause under this correlation id.", body.GetProperty("detail").GetString());
    }
}
