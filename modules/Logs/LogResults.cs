using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Refinery.Logs;

/// <summary>Answers a log with its text as JSON.</summary>
internal sealed class LogEntryResult(FoundLog found) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json; charset=utf-8";
        await using (found.Text)
        {
            await LogEntryWriter.WriteAsync(httpContext.Response.BodyWriter, found, httpContext.RequestAborted);
        }
    }
}

/// <summary>Answers a log as the one event of a stream.</summary>
internal sealed class LogEventResult(FoundLog found) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var output = EventStream.Begin(httpContext.Response);
        await using (found.Text)
        {
            EventStream.Write(output, $"id: {found.Log.LogId}:{found.Log.Lines}\nevent: log\ndata: ");
            await LogEntryWriter.WriteAsync(output, found, httpContext.RequestAborted);
            EventStream.Write(output, "\n\n");
        }

        await output.FlushAsync(httpContext.RequestAborted);
    }
}

/// <summary>Answers a log line by line, while it is written or as it was.</summary>
internal sealed class LogFollowResult(LogReader reader, LogPosition position) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => reader.FollowAsync(position, httpContext.Response);
}

/// <summary>What all event streams share: headers that keep every party from gathering, and text.</summary>
internal static class EventStream
{
    public static PipeWriter Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache,no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        return response.BodyWriter;
    }

    public static void Write(PipeWriter output, string text) => Encoding.UTF8.GetBytes(text, (IBufferWriter<byte>)output);
}
