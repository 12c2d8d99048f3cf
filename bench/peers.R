# Forecasts by R's forecast and prophet, for `npm run bench -- peers`.
#
#   Rscript peers.R SERIES.csv HORIZON METHOD...
#
# SERIES.csv: a line a series, its id and then its values, hourly. Written to stdout as CSV without header:
#   forecast,METHOD,ID,CPU_SECONDS,then HORIZON points, HORIZON lower and HORIZON upper bounds of 95 %
#   missing,METHOD,PACKAGE       a package is not installed
#   failed,METHOD,ID,MESSAGE     R refused the series
arguments <- commandArgs(trailingOnly = TRUE)
horizon <- as.integer(arguments[2])
methods <- arguments[-(1:2)]
# The search stops after so many models: R's default of 94 takes minutes for one hourly series.
most.models <- 30

methods.by.forecast <- list(
  snaive = function(y) forecast::snaive(ts(y, frequency = 24), h = horizon, level = 95),
  thetaf = function(y) forecast::thetaf(ts(y, frequency = 24), h = horizon, level = 95),
  ets = function(y) forecast::forecast(forecast::ets(ts(y, frequency = 24)), h = horizon, level = 95),
  auto.arima = function(y) {
    model <- forecast::auto.arima(ts(y, frequency = 24), nmodels = most.models)
    forecast::forecast(model, h = horizon, level = 95)
  },
  mstl.ets = function(y) {
    forecast::stlf(forecast::msts(y, c(24, 168)), h = horizon, level = 95, method = "ets")
  },
  mstl.arima = function(y) {
    forecast::stlf(forecast::msts(y, c(24, 168)), h = horizon, level = 95, method = "arima")
  }
)

by.forecast <- function(method) {
  function(y) {
    found <- methods.by.forecast[[method]](y)
    c(found$mean, found$lower, found$upper)
  }
}

by.prophet <- function(y) {
  start <- as.POSIXct("2020-01-06", tz = "UTC")
  known <- data.frame(ds = start + 3600 * (seq_along(y) - 1), y = y)
  model <- prophet::prophet(known, interval.width = 0.95)
  ahead <- prophet::make_future_dataframe(model, periods = horizon, freq = 3600, include_history = FALSE)
  found <- predict(model, ahead)
  c(found$yhat, found$yhat_lower, found$yhat_upper)
}

write <- function(...) cat(paste(c(...), collapse = ","), "\n", sep = "")
cpu.seconds <- function() sum(proc.time()[c("user.self", "sys.self", "user.child", "sys.child")])

series <- lapply(strsplit(readLines(arguments[1]), ",", fixed = TRUE), function(cells) {
  list(id = cells[1], values = as.numeric(cells[-1]))
})
for (method in methods) {
  package <- if (method == "prophet") "prophet" else "forecast"
  if (!suppressMessages(requireNamespace(package, quietly = TRUE))) {
    write("missing", method, package)
    next
  }
  run <- if (method == "prophet") by.prophet else by.forecast(method)
  for (one in series) {
    started <- cpu.seconds()
    found <- tryCatch(suppressWarnings(suppressMessages(run(one$values))), error = conditionMessage)
    seconds <- cpu.seconds() - started
    if (is.numeric(found)) {
      write("forecast", method, one$id, seconds, format(found, digits = 12, trim = TRUE))
    } else {
      write("failed", method, one$id, gsub("[,\n]", " ", found))
    }
  }
}
